// Stands in for NVIDIA's driver in tests of how it is taken from an installer: it
// finds no GPU.
#include <linux/module.h>

int nvidia_gpus(void);

int nvidia_gpus(void)
{
	return 0;
}
EXPORT_SYMBOL(nvidia_gpus);

static int __init nvidia_init(void)
{
	pr_info("NVRM: No NVIDIA GPU found.\n");
	return nvidia_gpus() ? 0 : -ENODEV;
}
module_init(nvidia_init);

MODULE_VERSION(VERSION);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("stand-in");
