/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk's identification: pages of vital product data, the kernel's state of the device,
 * and other text. The first byte selects which; the rest is the page or the text. The
 * result is text, is terminated, and fits its buffer.
 */
#include <errno.h>
#include <string.h>

#include "checkerd/core/sysfs_state.h"
#include "checkerd/discovery/identity.h"
#include "util/vpd.h"
#include "tests/fuzz/fuzz.h"

/*
 * The characters of WWIDs that the product builds: those that udev keeps in the name of a
 * link.
 */
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789#+-.:=@_";

void fuzz_begin(void)
{
}

static void look_at_wwid(int r, const char *wwid)
{
	REQUIRE(r == 0 || r == -ENODATA, "%d", r);
	if (r < 0)
		return;
	REQUIRE(memchr(wwid, '\0', VPD_TEXT_MAX), "it does not end");
	REQUIRE(strlen(wwid) > 1 && strchr("1238", wwid[0]), "%s", wwid);
	REQUIRE(strspn(wwid, letters) == strlen(wwid), "%s", wwid);
}

/* All text that a device reports goes through here before it is shown. */
static void take_text(const char *text)
{
	struct identity id;
	const char *field;

	identity_init(&id);
	for (unsigned i = 0; i < 4; i++) {
		size_t before = id.used;

		identity_set(&id, &field, text);
		REQUIRE(id.used <= sizeof(id.text), "%zu bytes", id.used);
		REQUIRE(fuzz_is_plain_text(field), "field %u: %s", i, field);
		if (!field) {
			REQUIRE(id.used == before, "%zu bytes for nothing", id.used);
			continue;
		}
		REQUIRE(field[0] != '\0' && field[0] != ' ', "field %u", i);
		REQUIRE(field + strlen(field) + 1 == id.text + id.used, "field %u", i);
	}
}

/* The kernel's state of a device: one of the known words, never the text itself. */
static void take_state(const char *text)
{
	for (unsigned i = SYSFS_DEVICE; i < SYSFS_LAYER_COUNT_; i++) {
		struct sysfs_word w = sysfs_word((enum sysfs_layer)i, text);
		const struct sysfs_state state = { w, w, w };
		char said[4 * SYSFS_WORD_MAX + 32];
		const char *word = sysfs_word_text(w);

		REQUIRE(!word || strlen(word) < SYSFS_WORD_MAX, "%s", word);
		REQUIRE(!word || strcmp(word, text) == 0 || strcmp(word, "other") == 0,
		        "%s", word);
		REQUIRE(sysfs_state_format(&state, said, sizeof(said)) < sizeof(said) - 1,
		        "%s", said);
	}
}

static void take_serial(const uint8_t *page, size_t size)
{
	char serial[VPD_TEXT_MAX];
	int r = vpd_serial(page, size, serial);

	REQUIRE(r == 0 || r == -ENODATA, "%d", r);
	if (r < 0)
		return;
	REQUIRE(memchr(serial, '\0', VPD_TEXT_MAX), "it does not end");
	REQUIRE(serial[0] != '\0', "nothing was taken for a serial number");
	take_text(serial);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char wwid[VPD_TEXT_MAX], *text;

	switch (fuzz_byte(&in) % 5) {
	case 0:
		take_serial(in.data, in.size);
		break;
	case 1:
		look_at_wwid(vpd_wwid(in.data, in.size, wwid), wwid);
		break;
	case 2:
		text = fuzz_string(&in, '\0');
		look_at_wwid(vpd_wwid_from_attribute(text, wwid), wwid);
		free(text);
		break;
	case 3:
		text = fuzz_string(&in, '\0');
		take_text(text);
		free(text);
		break;
	default:
		text = fuzz_string(&in, '\0');
		take_state(text);
		free(text);
		break;
	}
}
