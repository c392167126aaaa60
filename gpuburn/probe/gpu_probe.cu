// gpu_probe tests what gpu_burn does not: each bit of the GPUs' memory, and how fast memory, the
// host and the GPUs are reached. It prints lines of JSON, which audit/tool/gpuprobe reads.
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>

#include <cuda_runtime.h>

#include "pattern.h"

static const char help[] =
	"gpu_probe [--passes N]\n"
	"\n"
	"Tests the memory of all GPUs that CUDA shows, at the same time: as much of it as is free, by\n"
	"patterns that are written and read again. Then it measures how fast each GPU is reached from\n"
	"the memory of the host that is next to it, and how fast it reaches each other GPU.\n"
	"\n"
	"  --passes N  how often to go through all patterns (default 4)\n"
	"\n"
	"Prints a line of JSON for each result. Rates are in bytes per second; offsets are from the\n"
	"start of what was tested, in bytes. bee-burn runs it.\n"
	"\n"
	"Exit status: 0, 1 where CUDA failed, 2 for a wrong command line, 3 where memory was not as it\n"
	"was written.\n";

enum { exit_failed = 1, exit_usage = 2, exit_wrong = 3 };

// say prints a line, whole.
static std::mutex printing;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
	std::lock_guard<std::mutex> lock(printing);
	va_list args;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

// failure is a call that CUDA refused.
struct failure {
	cudaError_t error;
	const char *call;
};

static void try_call(cudaError_t error, const char *call) {
	if (error != cudaSuccess) {
		cudaGetLastError(); // which it may be again
		throw failure{error, call};
	}
}
#define TRY(call) try_call((call), #call)

// stopwatch measures what a GPU does.
class stopwatch {
	cudaEvent_t from, to;

public:
	stopwatch() {
		TRY(cudaEventCreate(&from));
		TRY(cudaEventCreate(&to));
		TRY(cudaEventRecord(from));
	}
	~stopwatch() {
		cudaEventDestroy(from);
		cudaEventDestroy(to);
	}
	// seconds since the start, when the GPU is done.
	double seconds() {
		float milliseconds = 0;
		TRY(cudaEventRecord(to));
		TRY(cudaEventSynchronize(to));
		TRY(cudaEventElapsedTime(&milliseconds, from, to));
		return milliseconds / 1000;
	}
};

// Each thread has so many accesses under way at once.
enum { unroll = 4, threads = 512 };

template <pattern P> __global__ void write_pattern(ulonglong2 *memory, uint64_t pairs, uint64_t round) {
	const uint64_t stride = (uint64_t)gridDim.x * blockDim.x;
	for (uint64_t at = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x; at < pairs; at += stride * unroll) {
#pragma unroll
		for (int i = 0; i < unroll; i++) {
			const uint64_t number = at + i * stride;
			if (number < pairs) {
				const pair words = pattern_pair(P, round, number);
				__stcs(&memory[number], make_ulonglong2(words.first, words.second));
			}
		}
	}
}

template <pattern P> __global__ void check_pattern(const ulonglong2 *memory, uint64_t pairs, uint64_t round, wrong *found) {
	const uint64_t stride = (uint64_t)gridDim.x * blockDim.x;
	for (uint64_t at = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x; at < pairs; at += stride * unroll) {
		ulonglong2 read[unroll];
#pragma unroll
		for (int i = 0; i < unroll; i++) {
			const uint64_t number = at + i * stride;
			if (number < pairs)
				read[i] = __ldcs(&memory[number]);
		}
#pragma unroll
		for (int i = 0; i < unroll; i++) {
			const uint64_t number = at + i * stride;
			if (number < pairs)
				pattern_compare(P, round, number, pair{read[i].x, read[i].y}, found);
		}
	}
}

static __global__ void flip_bit(ulonglong2 *memory, uint64_t number) { memory[number].x ^= 1ull << 17; }

struct options {
	int passes = 4;
	// For the test of the program itself: one bit of the first GPU's memory is flipped after it
	// was written.
	bool flip = false;
};

// memory_test is that of one GPU.
class memory_test {
	int gpu;
	options o;
	void *memory = nullptr;
	wrong *found = nullptr;
	uint64_t bytes = 0;
	unsigned blocks = 0;
	bool clean = true;

	// What is free, less what CUDA itself turns out to need of it.
	void allocate() {
		size_t free_bytes = 0, total = 0;
		TRY(cudaMemGetInfo(&free_bytes, &total));
		for (bytes = free_bytes; bytes > free_bytes / 2; bytes -= free_bytes / 128) {
			bytes &= ~UINT64_C(0xfffff); // whole MiB
			const cudaError_t error = cudaMalloc(&memory, bytes);
			if (error == cudaSuccess)
				return;
			cudaGetLastError();
			if (error != cudaErrorMemoryAllocation)
				throw failure{error, "cudaMalloc"};
		}
		throw failure{cudaErrorMemoryAllocation, "cudaMalloc of half of the free memory"};
	}

	template <pattern P> void run(int pass, const char *name) {
		ulonglong2 *const words = (ulonglong2 *)memory;
		const uint64_t pairs = bytes / sizeof *words;
		const unsigned rounds = pattern_rounds(P), reads = pattern_reads(P);
		double writing = 0, reading = 0;
		TRY(cudaMemset(found, 0, sizeof *found));
		for (unsigned r = 0; r < rounds; r++) {
			const uint64_t round = (uint64_t)pass * rounds + r;
			stopwatch write;
			write_pattern<P><<<blocks, threads>>>(words, pairs, round);
			TRY(cudaGetLastError());
			writing += write.seconds();
			if (o.flip && gpu == 0 && pass == 0 && r == 0) {
				flip_bit<<<1, 1>>>(words, pairs / 3);
				TRY(cudaGetLastError());
			}
			stopwatch check;
			for (unsigned n = 0; n < reads; n++) {
				check_pattern<P><<<blocks, threads>>>(words, pairs, round, found);
				TRY(cudaGetLastError());
			}
			reading += check.seconds();
		}
		wrong w;
		TRY(cudaMemcpy(&w, found, sizeof w, cudaMemcpyDeviceToHost));
		say("{\"gpu\":%d,\"pass\":%d,\"pattern\":\"%s\",\"written_bytes_per_second\":%.0f,\"read_bytes_per_second\":%.0f,\"wrong_words\":%llu,\"wrong_bits\":\"0x%016llx\"}",
			gpu, pass + 1, name, bytes * rounds / writing, (double)bytes * rounds * reads / reading,
			(unsigned long long)w.words, (unsigned long long)w.bits);
		for (uint64_t i = 0; i < std::min<uint64_t>(w.words, WRONG_KEPT); i++)
			say("{\"gpu\":%d,\"pass\":%d,\"pattern\":\"%s\",\"wrong\":{\"offset\":%llu,\"written\":\"0x%016llx\",\"read\":\"0x%016llx\"}}", gpu, pass + 1, name,
				(unsigned long long)w.kept[i].offset, (unsigned long long)w.kept[i].written, (unsigned long long)w.kept[i].read);
		clean = clean && w.words == 0;
	}

public:
	memory_test(int gpu, const options &o) : gpu(gpu), o(o) {}
	~memory_test() {
		cudaFree(memory);
		cudaFree(found);
	}
	// test reports whether all of it was as it was written.
	bool test() {
		TRY(cudaSetDevice(gpu));
		int processors = 0, clock_khz = 0, bus_bits = 0;
		TRY(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, gpu));
		TRY(cudaDeviceGetAttribute(&clock_khz, cudaDevAttrMemoryClockRate, gpu));
		TRY(cudaDeviceGetAttribute(&bus_bits, cudaDevAttrGlobalMemoryBusWidth, gpu));
		blocks = (unsigned)processors * 8;
		TRY(cudaMalloc(&found, sizeof *found));
		allocate();
		// the rate of all lines of the bus, twice in each clock
		say("{\"gpu\":%d,\"tested_bytes\":%llu,\"peak_bytes_per_second\":%.0f}", gpu, (unsigned long long)bytes, 2.0 * 1000 * clock_khz * bus_bits / 8);
		for (int pass = 0; pass < o.passes; pass++) {
			run<WALKING_ONES>(pass, "walking_ones");
			run<WALKING_ZEROS>(pass, "walking_zeros");
			run<ADDRESS>(pass, "address");
			run<RANDOM>(pass, "random");
		}
		return clean;
	}
};

// read_line is the first line of a file, "" where there is none.
static std::string read_line(const std::string &file) {
	char line[4096] = "";
	if (FILE *f = fopen(file.c_str(), "r")) {
		if (!fgets(line, sizeof line, f))
			line[0] = 0;
		fclose(f);
	}
	line[strcspn(line, "\n")] = 0;
	return line;
}

// stay_near has this thread run on the processors next to a GPU, and so get memory there. It
// returns the number of their node, -1 where the machine has one.
static int stay_near(const std::string &address) {
	const std::string device = "/sys/bus/pci/devices/" + address;
	const std::string list = read_line(device + "/local_cpulist");
	cpu_set_t near;
	CPU_ZERO(&near);
	for (const char *at = list.c_str(); isdigit((unsigned char)*at);) {
		char *end;
		const long first = strtol(at, &end, 10);
		const long last = *end == '-' ? strtol(end + 1, &end, 10) : first;
		for (long cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++)
			CPU_SET(cpu, &near);
		at = *end == ',' ? end + 1 : end;
	}
	if (CPU_COUNT(&near) > 0)
		sched_setaffinity(0, sizeof near, &near); // where that is not allowed, it is only less near
	const std::string node = read_line(device + "/numa_node");
	return node.empty() ? -1 : atoi(node.c_str());
}

enum { copied = 256 << 20, copies = 16 };

// rate is how fast something is copied: the first time is not counted.
template <typename Copy> static double rate(Copy copy) {
	copy();
	stopwatch watch;
	for (int i = 0; i < copies; i++)
		copy();
	return (double)copied * copies / watch.seconds();
}

// to_host measures the way between a GPU and the host.
static void to_host(int gpu, const std::string &address) {
	const int node = stay_near(address);
	void *here = nullptr, *there = nullptr;
	TRY(cudaSetDevice(gpu));
	TRY(cudaHostAlloc(&here, copied, cudaHostAllocDefault));
	memset(here, 1, copied);
	TRY(cudaMalloc(&there, copied));
	const double to = rate([&] { TRY(cudaMemcpyAsync(there, here, copied, cudaMemcpyHostToDevice)); });
	const double from = rate([&] { TRY(cudaMemcpyAsync(here, there, copied, cudaMemcpyDeviceToHost)); });
	TRY(cudaFree(there));
	TRY(cudaFreeHost(here));
	say("{\"gpu\":%d,\"host_to_gpu_bytes_per_second\":%.0f,\"gpu_to_host_bytes_per_second\":%.0f,\"numa_node\":%d}", gpu, to, from, node);
}

// to_gpu measures the way from a GPU to another, where there is one that leaves the host out.
static void to_gpu(int gpu, int other) {
	int can = 0;
	TRY(cudaDeviceCanAccessPeer(&can, gpu, other));
	if (!can) {
		say("{\"gpu\":%d,\"to\":%d}", gpu, other);
		return;
	}
	void *here = nullptr, *there = nullptr;
	TRY(cudaSetDevice(other));
	TRY(cudaMalloc(&there, copied));
	TRY(cudaSetDevice(gpu));
	TRY(cudaMalloc(&here, copied));
	const cudaError_t enabled = cudaDeviceEnablePeerAccess(other, 0);
	if (enabled == cudaErrorPeerAccessAlreadyEnabled)
		cudaGetLastError();
	else
		TRY(enabled);
	const double to = rate([&] { TRY(cudaMemcpyPeerAsync(there, other, here, gpu, copied)); });
	TRY(cudaFree(here));
	TRY(cudaSetDevice(other));
	TRY(cudaFree(there));
	say("{\"gpu\":%d,\"to\":%d,\"bytes_per_second\":%.0f}", gpu, other, to);
}

// guard runs something for a GPU, and tells where CUDA refuses.
template <typename Work> static bool guard(int gpu, Work work) {
	try {
		work();
		return true;
	} catch (const failure &f) {
		say("{\"gpu\":%d,\"error\":\"%s\",\"code\":%d}", gpu, cudaGetErrorString(f.error), (int)f.error);
		fprintf(stderr, "gpu_probe: GPU %d: %s: %s (error %d)\n", gpu, f.call, cudaGetErrorString(f.error), (int)f.error);
		return false;
	}
}

int main(int argc, char **argv) {
	options o;
	for (int i = 1; i < argc; i++) {
		const std::string argument = argv[i];
		char *end = nullptr;
		if (argument == "--help" || argument == "-h") {
			fputs(help, stdout);
			return 0;
		} else if (argument == "--passes" && i + 1 < argc && (o.passes = (int)strtol(argv[i + 1], &end, 10)) > 0 && !*end) {
			i++;
		} else if (argument == "--flip") {
			o.flip = true;
		} else {
			fprintf(stderr, "gpu_probe: %s is not understood; see gpu_probe --help\n", argv[i]);
			return exit_usage;
		}
	}
	int gpus = 0;
	const cudaError_t counted = cudaGetDeviceCount(&gpus);
	if (counted != cudaSuccess || gpus == 0) {
		fprintf(stderr, "gpu_probe: %s (error %d)\n", counted == cudaSuccess ? "no CUDA device" : cudaGetErrorString(counted), (int)counted);
		return exit_failed;
	}
	std::vector<std::string> addresses(gpus);
	for (int gpu = 0; gpu < gpus; gpu++) {
		const bool good = guard(gpu, [&] {
			char address[32] = "";
			TRY(cudaDeviceGetPCIBusId(address, sizeof address, gpu));
			addresses[gpu] = address;
			for (char &c : addresses[gpu])
				c = (char)tolower((unsigned char)c);
			say("{\"gpu\":%d,\"pci_address\":\"%s\"}", gpu, addresses[gpu].c_str());
		});
		if (!good)
			return exit_failed;
	}

	std::vector<char> clean(gpus, 1), good(gpus, 1); // not of bool, whose elements share bytes
	std::vector<std::thread> running;
	for (int gpu = 0; gpu < gpus; gpu++)
		running.emplace_back([&, gpu] {
			good[gpu] = guard(gpu, [&] { clean[gpu] = memory_test(gpu, o).test(); });
		});
	for (std::thread &t : running)
		t.join();
	bool all = true;
	for (int gpu = 0; gpu < gpus; gpu++)
		all = all && good[gpu];

	// One after the other: they share ways.
	for (int gpu = 0; gpu < gpus; gpu++) {
		if (!good[gpu])
			continue;
		std::thread([&] { good[gpu] = guard(gpu, [&] { to_host(gpu, addresses[gpu]); }); }).join();
		for (int other = 0; other < gpus; other++)
			if (other != gpu && good[gpu] && good[other])
				good[gpu] = guard(gpu, [&] { to_gpu(gpu, other); });
		all = all && good[gpu];
	}
	if (!all)
		return exit_failed;
	say("{\"done\":true}");
	return std::count(clean.begin(), clean.end(), 1) == gpus ? 0 : exit_wrong;
}
