// SPDX-License-Identifier: GPL-2.0
/* Module and driver registration. */
#include <virtnet/diag.h>
#include <virtnet/virtnet.h>

#include <linux/crash_dump.h>
#include <linux/module.h>
#include <linux/virtio_ids.h>

static const struct virtio_device_id virtnet_ids[] = {
	{ VIRTIO_ID_NET, VIRTIO_DEV_ANY_ID },
	{ 0 },
};
MODULE_DEVICE_TABLE(virtio, virtnet_ids);

static struct virtio_driver virtnet_driver = {
	.driver.name = VIRTNET_DRIVER_NAME,
	.feature_table = virtnet_features,
	.id_table = virtnet_ids,
	.validate = virtnet_validate,
	.probe = virtnet_probe,
	.remove = virtnet_remove,
	.config_changed = virtnet_config_changed,
	VIRTNET_DRIVER_FREEZE(virtnet_freeze, virtnet_restore)
	VIRTNET_DRIVER_RESET(virtnet_freeze, virtnet_restore)
};

static int __init virtnet_init(void)
{
	int err;

	virtnet_frugal = is_kdump_kernel();
	err = virtnet_channels_module_init();
	if (err)
		return err;
	virtnet_debugfs_init();
	virtnet_driver.feature_table_size = virtnet_features_count;
	err = register_virtio_driver(&virtnet_driver);
	if (!err)
		return 0;
	virtnet_debugfs_exit();
	virtnet_channels_module_exit();
	return err;
}
module_init(virtnet_init);

static void __exit virtnet_exit(void)
{
	unregister_virtio_driver(&virtnet_driver);
	virtnet_debugfs_exit();
	virtnet_channels_module_exit();
}
module_exit(virtnet_exit);

MODULE_DESCRIPTION("virtio-net guest driver");
MODULE_AUTHOR("The virtnet developers");
MODULE_VERSION(VIRTNET_VERSION);
MODULE_LICENSE("GPL");
