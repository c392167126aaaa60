// Stands in for gpu_burn in tests of how it is built: it takes the same libraries
// and files, multiplies a matrix by itself twice on each GPU, and compares.
#include <cublas_v2.h>
#include <cuda.h>

#include <cstdio>
#include <cstring>
#include <vector>

static const int size = 256;

static int failed(const char *what, int code) {
	fprintf(stderr, "%s failed: %d\n", what, code);
	return 1;
}

static int burn(int gpu) {
	CUdevice device;
	CUcontext context;
	CUmodule module;
	CUfunction compare;
	CUresult r;
	if ((r = cuDeviceGet(&device, gpu)) || (r = cuDevicePrimaryCtxRetain(&context, device)) || (r = cuCtxSetCurrent(context)))
		return failed("context", r);
	if ((r = cuModuleLoad(&module, "compare.fatbin")) || (r = cuModuleGetFunction(&compare, module, "compare")))
		return failed("compare.fatbin", r);
	std::vector<float> host(size * size, 1.5f);
	CUdeviceptr in, out[2], count;
	size_t bytes = host.size() * sizeof(float);
	if ((r = cuMemAlloc(&in, bytes)) || (r = cuMemAlloc(&out[0], bytes)) || (r = cuMemAlloc(&out[1], bytes)) ||
		(r = cuMemAlloc(&count, sizeof(int))) || (r = cuMemcpyHtoD(in, host.data(), bytes)) || (r = cuMemsetD32(count, 0, 1)))
		return failed("memory", r);
	cublasHandle_t blas;
	float one = 1, zero = 0;
	int status;
	if ((status = cublasCreate(&blas)))
		return failed("cuBLAS", status);
	for (CUdeviceptr c : out)
		if ((status = cublasSgemm(blas, CUBLAS_OP_N, CUBLAS_OP_N, size, size, size, &one, (float *)in, size, (float *)in, size, &zero, (float *)c, size)))
			return failed("multiplication", status);
	int n = size * size, faulty = 0;
	void *args[] = {&out[0], &out[1], &n, &count};
	if ((r = cuLaunchKernel(compare, n / 256, 1, 1, 256, 1, 1, 0, 0, args, 0)) || (r = cuMemcpyDtoH(&faulty, count, sizeof faulty)))
		return failed("comparison", r);
	printf("\tGPU %d: %s\n", gpu, faulty ? "FAULTY" : "OK");
	return faulty != 0;
}

int main(int argc, char **argv) {
	if (argc > 1 && !strcmp(argv[1], "-h")) {
		puts("Usage: gpu_burn [-h]");
		return 0;
	}
	int count = 0;
	CUresult r = cuInit(0);
	if (r == CUDA_SUCCESS)
		cuDeviceGetCount(&count);
	if (count == 0) {
		fprintf(stderr, "No CUDA devices (cuInit: %d)\n", r);
		return 19;
	}
	printf("Tested %d GPUs:\n", count);
	int status = 0;
	for (int i = 0; i < count; i++)
		status |= burn(i);
	return status;
}
