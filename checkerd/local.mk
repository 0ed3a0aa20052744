# SPDX-License-Identifier: LGPL-2.1-or-later
include checkerd/core/local.mk
include checkerd/config/local.mk
include checkerd/control/local.mk
include checkerd/devmapper/local.mk
include checkerd/discovery/local.mk
include checkerd/log/local.mk
include checkerd/daemon/local.mk
