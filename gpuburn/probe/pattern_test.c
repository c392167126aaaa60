// Tests of pattern.h on the host: prints what is wrong, and ends with 1 where anything is.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

static int failed;

static void check(int holds, const char *what) {
	if (!holds) {
		printf("%s\n", what);
		failed = 1;
	}
}

enum { PAIRS = 4096 };

static struct pair memory[PAIRS];

static void fill(enum pattern p, uint64_t round) {
	for (uint64_t i = 0; i < PAIRS; i++)
		memory[i] = pattern_pair(p, round, i);
}

static struct wrong look(enum pattern p, uint64_t round) {
	struct wrong w;
	memset(&w, 0, sizeof w);
	for (uint64_t i = 0; i < PAIRS; i++)
		pattern_compare(p, round, i, memory[i], &w);
	return w;
}

int main(void) {
	for (int p = 0; p < PATTERNS; p++) {
		for (uint64_t round = 0; round < pattern_rounds((enum pattern)p); round++) {
			fill((enum pattern)p, round);
			struct wrong w = look((enum pattern)p, round);
			check(w.words == 0 && w.bits == 0, "a good memory has wrong words");
			// any one bit that flips is found, at its place
			for (int n = 0; n < 200; n++) {
				uint64_t word = ((uint64_t)rand() << 16 ^ (uint64_t)rand()) % (PAIRS * 2), bit = UINT64_C(1) << (rand() % 64);
				uint64_t *at = word % 2 ? &memory[word / 2].second : &memory[word / 2].first;
				*at ^= bit;
				w = look((enum pattern)p, round);
				check(w.words == 1 && w.bits == bit && w.kept[0].offset == word * 8 && (w.kept[0].written ^ w.kept[0].read) == bit, "a flipped bit is not found where it is");
				*at ^= bit;
			}
		}
	}
	// each bit of each word is 0 once and 1 once in the rounds of a walk
	for (uint64_t word = 0; word < 200; word++) {
		uint64_t ones = 0, zeros = 0;
		for (uint64_t round = 0; round < 64; round++) {
			ones |= pattern_word(WALKING_ONES, round, word);
			zeros |= ~pattern_word(WALKING_ZEROS, round, word);
		}
		check(ones == UINT64_MAX && zeros == UINT64_MAX, "a bit is left out of a walk");
	}
	// an address that leads elsewhere has another word, as far as memory may ever reach
	for (int line = 0; line < 41; line++) {
		uint64_t here = 12345, there = here ^ (UINT64_C(1) << line);
		for (uint64_t round = 0; round < 2; round++) {
			check(pattern_word(ADDRESS, round, here) != pattern_word(ADDRESS, round, there), "two addresses have one word");
			check(pattern_word(RANDOM, round, here) != pattern_word(RANDOM, round, there), "two random words are one");
		}
	}
	check(pattern_word(RANDOM, 0, 7) != pattern_word(RANDOM, 1, 7), "random words are those of the pass before");
	// a memory that keeps what was there before
	fill(RANDOM, 1);
	check(look(RANDOM, 2).words == PAIRS * 2, "old words are taken for new ones");
	// of many, the first are kept
	fill(WALKING_ONES, 0);
	memset(memory, 0, sizeof memory);
	struct wrong w = look(WALKING_ONES, 0);
	check(w.words == PAIRS * 2 && w.bits == UINT64_MAX, "not all wrong words are counted");
	for (uint64_t i = 0; i < WRONG_KEPT; i++)
		check(w.kept[i].offset == i * 8 && w.kept[i].read == 0, "the first are not kept");
	return failed;
}
