################################################################################
#
# hearthkey-agent: copy this folder to package/hearthkey-agent, and name its
# Config.in in package/Config.in
#
################################################################################

HEARTHKEY_AGENT_VERSION = 1.0.0
HEARTHKEY_AGENT_SITE = $(call github,hearthkey,hearthkey,v$(HEARTHKEY_AGENT_VERSION))
HEARTHKEY_AGENT_LICENSE = Apache-2.0
HEARTHKEY_AGENT_LICENSE_FILES = LICENSE
# It is linked without a C library.
HEARTHKEY_AGENT_ADD_TOOLCHAIN_DEPENDENCY = NO

HEARTHKEY_AGENT_ARCH = $(if $(BR2_aarch64),arm64,$(if $(BR2_x86_64),amd64,$(if $(BR2_ARM_CPU_ARMV6),armv6,armv7)))

# The project's own tool builds it small, from the modules that the download left in
# vendor: see packaging/README.md.
define HEARTHKEY_AGENT_BUILD_CMDS
	cd $(@D) && $(HOST_GO_HOST_ENV) $(GO_BIN) run ./tools/box build \
		-arch $(HEARTHKEY_AGENT_ARCH) -version $(HEARTHKEY_AGENT_VERSION) -out hearthkey-agent
endef

define HEARTHKEY_AGENT_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/hearthkey-agent $(TARGET_DIR)/usr/bin/hearthkey-agent
	$(INSTALL) -D -m 0640 $(@D)/packaging/deb/agent.conf $(TARGET_DIR)/etc/hearthkey/agent
endef

define HEARTHKEY_AGENT_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(@D)/packaging/buildroot/S80hearthkey-agent $(TARGET_DIR)/etc/init.d/S80hearthkey-agent
endef

define HEARTHKEY_AGENT_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(@D)/packaging/systemd/hearthkey-agent.service $(TARGET_DIR)/usr/lib/systemd/system/hearthkey-agent.service
endef

define HEARTHKEY_AGENT_USERS
	hearthkey -1 hearthkey -1 * - - - Hearthkey agent
endef

$(eval $(golang-package))
