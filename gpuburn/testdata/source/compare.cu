// Counts the elements that differ between the results of two multiplications.
extern "C" __global__ void compare(const float *a, const float *b, int n, int *faulty) {
	int i = blockIdx.x * blockDim.x + threadIdx.x;
	if (i < n && a[i] != b[i])
		atomicAdd(faulty, 1);
}
