/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOG_MESSAGE_ID_H
#define CHECKERD_LOG_MESSAGE_ID_H

/*
 * The MESSAGE_ID of each type of event, by which the journal finds the entry of
 * conf/checkerd.catalog. They never change; a new type gets a new one.
 */
#define MESSAGE_ID_PATH_STATE   "b598527107a44001b1686c82757acae6"
#define MESSAGE_ID_PATH_ADDED   "3778371144dd4e9fb13d589dc61725d9"
#define MESSAGE_ID_PATH_REMOVED "d1b95dbae0284bf290cf895a3d850540"
#define MESSAGE_ID_MAP          "ba3fca5b151e4b65a2801a18450ccf13"
#define MESSAGE_ID_DM           "35980dea278448a2931da89b4fb7fcf9"
#define MESSAGE_ID_ENGINE       "e79ca730cd5d41c28ea2c2dce35548b6"
#define MESSAGE_ID_CONFIG       "504814776eeb4cf8a8a112bf919cd2b6"
#define MESSAGE_ID_DAEMON       "6afea2e223f346609fdefb116e6b2f61"
#define MESSAGE_ID_HOLD         "7b1f0d5e9c3a4e62b8d4a6f2c05e913d"
#define MESSAGE_ID_CAUSE        "689feb46073a4f4b9ba4cf369102cf59"
#define MESSAGE_ID_SLOW         "3c9d2a7be1f84d06a5b8c1e07f6d42ab"

#endif
