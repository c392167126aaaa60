// What gpu_probe writes into a GPU's memory, and how it looks for it again: on the GPU, and in
// C on the host, where the test of it runs.
#ifndef PATTERN_H
#define PATTERN_H

#include <stdint.h>

#ifdef __CUDACC__
#define BOTH __host__ __device__ static inline
#else
#define BOTH static inline
#endif

enum pattern {
	WALKING_ONES,  // one bit of 64 is 1, each in turn: lines that stick, or hang together
	WALKING_ZEROS, // and one is 0
	ADDRESS,       // each word has its own offset, in odd rounds inverted: lines of addresses
	RANDOM,        // no two words alike, other ones in each pass
	PATTERNS
};

// pattern_rounds is how often memory is written for all of a pattern.
BOTH unsigned pattern_rounds(enum pattern p) {
	switch (p) {
	case WALKING_ONES:
	case WALKING_ZEROS: return 64;
	case ADDRESS: return 2;
	default: return 1;
	}
}

// pattern_reads is how often what was written is read: random words twice, for bits that change
// by being read.
BOTH unsigned pattern_reads(enum pattern p) { return p == RANDOM ? 2 : 1; }

// pattern_word is the word of 8 bytes at a number, counted from the start of what is tested.
// Rounds go on from pass to pass.
BOTH uint64_t pattern_word(enum pattern p, uint64_t round, uint64_t number) {
	uint64_t x;
	switch (p) {
	case WALKING_ONES: return UINT64_C(1) << ((number + round) & 63);
	case WALKING_ZEROS: return ~(UINT64_C(1) << ((number + round) & 63));
	case ADDRESS: return round & 1 ? ~(number * 8) : number * 8;
	default:
		// one step of a generator whose steps differ in all bits
		x = (number + 1 + (round << 40)) * UINT64_C(0x9E3779B97F4A7C15);
		return x ^ (x >> 32);
	}
}

// pair is what memory is written and read by: 16 bytes are one access of a GPU.
struct pair {
	uint64_t first, second;
};

BOTH struct pair pattern_pair(enum pattern p, uint64_t round, uint64_t number) {
	struct pair words;
	words.first = pattern_word(p, round, number * 2);
	words.second = pattern_word(p, round, number * 2 + 1);
	return words;
}

#define WRONG_KEPT 16

// wrong is what was read and not written.
struct wrong {
	uint64_t words; // how many
	uint64_t bits;  // those that differed in any of them
	struct {
		uint64_t offset, written, read;
	} kept[WRONG_KEPT]; // the first that were found
};

// wrong_add takes note of a word. Many threads of a GPU do so at once.
BOTH void wrong_add(struct wrong *w, uint64_t number, uint64_t written, uint64_t read) {
	uint64_t at;
#ifdef __CUDA_ARCH__
	at = atomicAdd((unsigned long long *)&w->words, 1ull);
	atomicOr((unsigned long long *)&w->bits, (unsigned long long)(written ^ read));
#else
	at = w->words++;
	w->bits |= written ^ read;
#endif
	if (at < WRONG_KEPT) {
		w->kept[at].offset = number * 8;
		w->kept[at].written = written;
		w->kept[at].read = read;
	}
}

// pattern_compare looks whether a pair is what was written.
BOTH void pattern_compare(enum pattern p, uint64_t round, uint64_t number, struct pair read, struct wrong *w) {
	struct pair written = pattern_pair(p, round, number);
	if (written.first != read.first)
		wrong_add(w, number * 2, written.first, read.first);
	if (written.second != read.second)
		wrong_add(w, number * 2 + 1, written.second, read.second);
}

#endif
