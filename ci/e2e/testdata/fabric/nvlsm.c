// Stands in for NVIDIA's subnet manager NVLSM: takes its arguments, loads its plug-in, and
// takes calls after some seconds.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
	const char *config = NULL, *guid = NULL, *pid = NULL, *log = NULL;
	for (int i = 1; i < argc; i++) {
		const char **into = !strcmp(argv[i], "--config") ? &config : !strcmp(argv[i], "--guid") ? &guid
			: !strcmp(argv[i], "--pid_file") ? &pid : !strcmp(argv[i], "--log_file") ? &log : NULL;
		if (!into || i + 1 == argc) return 2;
		*into = argv[++i];
	}
	FILE *f = log ? fopen(log, "w") : NULL;
	if (!f || !config || access(config, R_OK) || !pid || !guid || strcmp(guid, "0xcc40f3030027f630")) return 2;
	if (!dlopen("libgrpc_mgr.so", RTLD_NOW)) { fprintf(f, "%s\n", dlerror()); return 1; }
	fprintf(f, "stand-in of NVLSM, port %s\n", guid);
	fclose(f);
	sleep(3);
	f = fopen("/run/nvidia-fabricmanager/fm_sm_ipc.socket", "w");
	if (!f) return 1;
	fclose(f);
	pause();
	return 0;
}
