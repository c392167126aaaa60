// Stands in for NVIDIA's Fabric Manager: takes its arguments and its configuration, wants
// NVLSM where it gets a port, writes its log and goes into the background.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *value(const char *file, const char *key) {
	static char line[512];
	FILE *f = fopen(file, "r");
	if (!f) return NULL;
	size_t n = strlen(key);
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, key, n) && line[n] == '=') { fclose(f); return strdup(line + n + 1); }
	}
	fclose(f);
	return NULL;
}

static int wants(const char *file, const char *key, const char *want) {
	char *got = value(file, key);
	if (got && !strcmp(got, want)) return 1;
	fprintf(stderr, "%s: %s is %s, not %s\n", file, key, got ? got : "nothing", want);
	return 0;
}

int main(int argc, char **argv) {
	const char *config = NULL, *guid = NULL;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--version")) { puts("Fabric Manager version is : " VERSION); return 0; }
		if (!strcmp(argv[i], "-c") && i + 1 < argc) config = argv[++i];
		else if (!strcmp(argv[i], "--fm-sm-mgmt-port-guid") && i + 1 < argc) guid = argv[++i];
		else { fprintf(stderr, "unknown argument %s\n", argv[i]); return 1; }
	}
	if (!config || !wants(config, "DAEMONIZE", "1") || !wants(config, "FABRIC_MODE", "0")) return 1;
	char *topologies = value(config, "TOPOLOGY_FILE_PATH"), *log = value(config, "LOG_FILE_NAME"), topology[512];
	snprintf(topology, sizeof topology, "%s/dgxh100_hgxh100_topology", topologies ? topologies : "");
	FILE *f = log ? fopen(log, "a") : NULL;
	if (access(topology, R_OK) || !f) { fprintf(stderr, "no topology %s, or no log\n", topology); return 1; }
	if (guid && access("/run/nvidia-fabricmanager/fm_sm_ipc.socket", F_OK)) { fputs("NVLSM is not there\n", stderr); return 1; }
	fprintf(f, "stand-in of the Fabric Manager " VERSION ", port %s\n", guid ? guid : "none");
	fclose(f);
	if (daemon(0, 0)) return 1;
	pause();
	return 0;
}
