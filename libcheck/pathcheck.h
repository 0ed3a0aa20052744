/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATHCHECK_H
#define PATHCHECK_H

/**
 * @file
 * libpathcheck: reads many block devices with direct I/O, through shared asynchronous I/O
 * contexts, and reports within a known time which of them answer.
 *
 * One thread, "the caller's thread", owns a struct pathcheck and makes every call on it.
 * No call blocks on a device; pathcheck_free() in PATHCHECK_THREADS mode is the one
 * exception. Times are microseconds of CLOCK_MONOTONIC. Functions return 0 (or a count) or a
 * negative errno; the library never logs, never exits, and installs no signal handlers.
 *
 * See libpathcheck(3).
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATHCHECK_GROUP_SLOTS    1024   /**< Slots of one AIO group. */
#define PATHCHECK_PATHS_MAX      131072 /**< Upper limit of pathcheck_options.max_paths. */
#define PATHCHECK_RESCUERS_MIN   2
#define PATHCHECK_RESCUERS_MAX   256
#define PATHCHECK_DEVICE_MAX     256 /**< Bytes of a device name, final NUL included. */
#define PATHCHECK_HOSTS_MAX      1024 /**< pathcheck_path.host and target are below this. */
#define PATHCHECK_NO_ID          UINT32_MAX
#define PATHCHECK_READ_EVERY_MAX 60 /**< Limit of pathcheck_path.read_every. */

struct pathcheck;

/** Where the threads and the I/O live. */
enum pathcheck_mode {
	/** In the caller's process, which then cannot exit while a read hangs in the kernel. */
	PATHCHECK_THREADS = 0,
	/** In a helper process, which is replaced if it dies or makes no progress. */
	PATHCHECK_PROCESS = 1
};

struct pathcheck_options {
	size_t size; /**< sizeof(struct pathcheck_options). */
	enum pathcheck_mode mode;
	uint32_t max_paths;          /**< 1 to PATHCHECK_PATHS_MAX: memory is reserved. */
	uint32_t max_in_flight;      /**< Requests in the kernel; 0: as many as paths. */
	uint32_t max_in_flight_host; /**< The same for one HBA; 0: no limit. */
	uint32_t rescuers;           /**< Threads for calls that may block. */
	uint64_t setup_timeout_us;   /**< After this, checks do not wait for io_setup. */
	uint64_t setup_retry_us;     /**< A refused io_setup is tried again after this. */
	/** A prober without progress for so long is replaced. */
	uint64_t stall_timeout_us;
	const char *prober; /**< Helper program; NULL: the installed one. */
};

/** Fills in every field with its default, and size. */
void pathcheck_options_init(struct pathcheck_options *o);

/** How a path is checked. All but DIRECTIO and NVME send SCSI commands. See libpathcheck(3). */
enum pathcheck_checker {
	PATHCHECK_DIRECTIO = 0, /**< A direct read of the first block. */
	PATHCHECK_TUR,          /**< TEST UNIT READY. */
	PATHCHECK_ALUA, /**< REPORT TARGET PORT GROUPS: the state of the path's port. */
	PATHCHECK_TUR_DIRECTIO, /**< TEST UNIT READY, and READ in every read_every-th check. */
	PATHCHECK_READSECTOR0, /**< READ of the first block. */
	PATHCHECK_RDAC, /**< INQUIRY, page C9h: does this controller own the unit? */
	PATHCHECK_EMC_CLARIION, /**< INQUIRY, page C0h: is the unit bound to this processor? */
	PATHCHECK_HP_SW, /**< TEST UNIT READY; a unit that has to be started is passive. */
	PATHCHECK_CCISS_TUR, /**< TEST UNIT READY: disks of hpsa are SCSI disks. */
	PATHCHECK_NVME, /**< A direct read; after an error the controller's and ANA state. */
	PATHCHECK_CHECKERS /**< How many there are. */
};

/** What a path is. Strings are copied. */
struct pathcheck_path {
	size_t size;         /**< sizeof(struct pathcheck_path). */
	const char *device;  /**< Block device or regular file, absolute. */
	uint32_t host;       /**< A number for its HBA or controller; 0: not known. */
	uint64_t cookie;     /**< Each of its results has it. */
	uint32_t target;     /**< A number for the target it leads to; 0: not known. */
	uint32_t flags;      /**< PATHCHECK_PATH_ bits. */
	uint16_t checker;    /**< enum pathcheck_checker. */
	uint16_t read_every; /**< Of TUR_DIRECTIO; 0: 5. */
	uint32_t reserved;
};

/** Opened for each check and closed after it: so the device is not in use between checks. */
#define PATHCHECK_PATH_CLOSE 1U

enum pathcheck_verdict {
	PATHCHECK_OK = 0, /**< The device gave all bytes of the read. */
	/** No answer, or the way to the device failed; or a short read. */
	PATHCHECK_FAILED,
	/** No answer in time; the request is still in the kernel. A final verdict with late set
	 * follows when the answer comes. */
	PATHCHECK_TIMED_OUT,
	/** Not started: there is no slot or memory, a limit is reached, or no rescuer was free
	 * for 100 ms. error: the errno of a shortage, else 0. It says nothing about the device.
	 * The check starts when it can, the oldest first. */
	PATHCHECK_DEFERRED,
	/** Final. The device itself answered with an error (error): the path works. */
	PATHCHECK_DEVICE_ERROR,
	/** Final. The target answered that it has no such unit. */
	PATHCHECK_DISCONNECTED,
	/** Final. An error of this host or of this program prevented the check (error); or the
	 * device answered with an error and was to be identified, but its unit did not answer
	 * then. It says nothing about the device. */
	PATHCHECK_NOT_JUDGED,
	/** Final. The unit answers, and this port of it is passive. */
	PATHCHECK_GHOST,
	/** Final. The port or the unit changes its state: the answer decides nothing. */
	PATHCHECK_PENDING
};

enum pathcheck_stage {
	PATHCHECK_STAGE_OPEN = 0, /**< Opening the device and learning its block size. */
	PATHCHECK_STAGE_READ      /**< Reading it. */
};

enum pathcheck_engine {
	PATHCHECK_ENGINE_NONE =
	        0, /**< No read and no command: at most the device was opened. */
	PATHCHECK_ENGINE_AIO,  /**< io_submit on the group's context. */
	PATHCHECK_ENGINE_SYNC, /**< A direct read, or SG_IO, by a rescuer. */
	PATHCHECK_ENGINE_SG    /**< A SCSI command by write(2) to /dev/sgN. */
};

/** The request whose answer decided. */
enum pathcheck_request {
	PATHCHECK_REQUEST_READ = 0, /**< A direct read, or the open before it. */
	PATHCHECK_REQUEST_TEST_UNIT,
	PATHCHECK_REQUEST_PORT_GROUPS,
	PATHCHECK_REQUEST_INQUIRY,
	PATHCHECK_REQUEST_SCSI_READ,
	PATHCHECK_REQUESTS /**< How many there are. */
};

/** What the answer said, beside `error`. */
enum pathcheck_said {
	PATHCHECK_SAID_NOTHING = 0,
	PATHCHECK_SAID_SENSE, /**< sense_key, sense_code, sense_qualifier. */
	PATHCHECK_SAID_STATUS, /**< sense_code: the SCSI status byte, without sense data. */
	PATHCHECK_SAID_TRANSPORT, /**< sense_code: Linux's host byte. */
	PATHCHECK_SAID_BAD_DATA,  /**< The data are too short, or are of another kind. */
	/* The access state of the port (SPC-4 6.37). */
	PATHCHECK_SAID_OPTIMIZED,
	PATHCHECK_SAID_NON_OPTIMIZED,
	PATHCHECK_SAID_STANDBY,
	PATHCHECK_SAID_UNAVAILABLE,
	PATHCHECK_SAID_LBA_DEPENDENT,
	PATHCHECK_SAID_OFFLINE,
	PATHCHECK_SAID_TRANSITIONING,
	PATHCHECK_SAID_NO_GROUP,     /**< The path's port is in none of the groups. */
	PATHCHECK_SAID_NOT_OWNED,    /**< RDAC: the other controller owns the unit. */
	PATHCHECK_SAID_IN_SERVICE,   /**< RDAC: the controller is in service mode. */
	PATHCHECK_SAID_NOT_BOUND,    /**< CLARiiON: the unit is bound to no processor. */
	PATHCHECK_SAID_SNAPSHOT,     /**< CLARiiON: an inactive snapshot. */
	PATHCHECK_SAID_NVME_STATE,   /**< The NVMe controller is not live. */
	PATHCHECK_SAID_INACCESSIBLE, /**< ANA: inaccessible. */
	PATHCHECK_SAID_PERSISTENT_LOSS, /**< ANA: persistent loss. */
	PATHCHECK_SAID_CHANGE,          /**< ANA: change. */
	PATHCHECK_SAID_COUNT            /**< How many there are. */
};

struct pathcheck_result {
	uint64_t cookie;
	uint32_t id;
	enum pathcheck_verdict verdict;
	enum pathcheck_stage stage;
	enum pathcheck_engine engine;
	/** Positive errno with FAILED, DEVICE_ERROR, DISCONNECTED, NOT_JUDGED; of a SCSI command
	 * the errno that the block layer gives for the same answer. FAILED with
	 * ENODATA: fewer bytes than the block size came back. ETIMEDOUT with TIMED_OUT. Else 0. */
	int32_t error;
	uint32_t late;      /**< 1: follows a TIMED_OUT of the same check. */
	int64_t started_us; /**< When it was handed to the kernel (of this stage); 0: never. */
	int64_t finished_us; /**< When the answer, or the timeout, was noticed. */
	uint32_t group;      /**< The AIO group it went through. */
	/** 1: this check opened or identified the device: pathcheck_opened() tells which it is. */
	uint32_t opened;
	uint8_t request; /**< enum pathcheck_request. */
	uint8_t said;    /**< enum pathcheck_said. */
	uint8_t has_sense, sense_key, sense_code,
	        sense_qualifier; /**< SCSI sense data. */
	uint8_t reserved[2];
};

/** What is known of the device's WWID. */
enum pathcheck_wwid {
	PATHCHECK_WWID_NOT_ASKED = 0,
	PATHCHECK_WWID_READ,      /**< wwid is its answer. */
	PATHCHECK_WWID_NONE,      /**< It has none, or is no SCSI device. */
	PATHCHECK_WWID_UNREADABLE /**< It did not answer. */
};

/** Which device a path's name led to when it was last opened or identified. */
struct pathcheck_opened {
	size_t size; /**< sizeof(struct pathcheck_opened), set by the caller. */
	uint32_t devt_major, devt_minor; /**< 0:0: a regular file. */
	uint64_t diskseq; /**< The kernel's sequence number of the disk; 0: not known. */
	/** FNV-1a (64 bits) of the WWID's text, with WWID_READ; else 0. */
	uint64_t wwid;
	enum pathcheck_wwid wwid_state;
	uint32_t reserved;
};

enum pathcheck_group_kind {
	PATHCHECK_GROUP_AIO = 0,
	PATHCHECK_GROUP_SYNC,
	PATHCHECK_GROUP_SG
};

enum pathcheck_group_state {
	PATHCHECK_GROUP_UNUSED = 0, /**< No such group now. */
	PATHCHECK_GROUP_SETTING_UP, /**< io_setup has not returned yet, nor taken too long. */
	PATHCHECK_GROUP_READY,      /**< On AIO. */
	PATHCHECK_GROUP_FALLBACK, /**< io_setup was refused or is slow: checks are synchronous. */
	PATHCHECK_GROUP_RETIRING, /**< No path uses it: it ends when its orphans have. */
	/** On a smaller context; other checks are synchronous. A larger context is tried again. */
	PATHCHECK_GROUP_RECOVERING
};

struct pathcheck_group {
	uint32_t id;
	enum pathcheck_group_kind kind;
	enum pathcheck_group_state state;
	uint32_t slots;
	uint32_t paths;     /**< Paths assigned to it. */
	uint32_t queued;    /**< Waiting for the submit thread or a rescuer. */
	uint32_t in_flight; /**< In the kernel, not yet past their deadline. */
	uint32_t expired;   /**< In the kernel, past their deadline. */
	uint32_t orphans;   /**< In the kernel, their path is gone. */
	int32_t setup_error; /**< Why it has no full context: positive errno; ETIMEDOUT: slow. */
};

/** How a prober came to its end. */
enum pathcheck_end {
	PATHCHECK_END_NONE = 0, /**< None has. */
	PATHCHECK_END_EXITED,   /**< By itself; code: its exit status. */
	PATHCHECK_END_SIGNAL,   /**< Code: the signal's number. */
	PATHCHECK_END_STALLED,  /**< It made no progress, and was killed. */
	PATHCHECK_END_WILD, /**< It wrote invalid results or commands, and was killed. */
	PATHCHECK_END_VERSION, /**< It is of another version than the library. */
	PATHCHECK_END_NO_START /**< It could not be started; code: positive errno. */
};

struct pathcheck_stats {
	size_t size;        /**< sizeof(struct pathcheck_stats), set by the caller. */
	uint32_t groups;    /**< Ids below this may be in use. */
	uint32_t in_flight; /**< In the kernel: in_flight, expired and orphans. */
	uint32_t deferred_now, deferred_max;
	uint64_t deferred_total;
	uint32_t emergency_now,
	        emergency_max; /**< Checks made synchronously: AIO has no room. */
	uint64_t emergency_total;
	uint32_t rescuers, rescuers_busy;
	uint32_t rescuers_stuck; /**< Busy with one job for more than a second. */
	uint32_t rescuers_stuck_max;
	uint64_t io_setup_failures;
	/** stale: results of a path that was removed. */
	uint64_t checks, timeouts, late, stale;
	int32_t io_setup_error; /**< Of the last failure, positive errno. */
	int32_t prober_pid;     /**< 0 in PATHCHECK_THREADS mode. */
	uint64_t prober_restarts;
	/** How long the prober made no progress with what it has to do; 0: it has nothing. */
	int64_t heartbeat_age_us;
	int64_t oldest_in_flight_us; /**< Age of the oldest request in the kernel; 0: none. */
	/** Submit threads that are stuck in the kernel and were replaced. */
	uint32_t lanes_stuck;
	uint32_t reserved;
	uint64_t lane_replacements; /**< How often a submit thread was replaced. */
	/** Allocations by threads of PATHCHECK_PROCESS that must not allocate: an error of this
	 * library. */
	uint64_t sealed_allocations;
	/** How the last prober that is gone came to its end. */
	enum pathcheck_end prober_end;
	int32_t prober_end_code;    /**< Exit status, signal number, or positive errno. */
	uint32_t probers_lingering; /**< Killed, and still held by the kernel. */
	uint32_t blockers; /**< Paths whose submit blocked: rescuers check them since. */
};

/** What an engine with these options uses at most. It need not be started. */
struct pathcheck_bound {
	size_t size;           /**< sizeof(struct pathcheck_bound), set by the caller. */
	uint64_t shared_bytes; /**< Tables and rings that both sides see. */
	/** The probing side's own tables, and the buffers of its reads. */
	uint64_t prober_bytes;
	uint64_t stack_bytes;  /**< Of all its threads. */
	uint64_t client_bytes; /**< The caller's own tables. */
	uint32_t threads, groups, descriptors, in_flight;
};
int pathcheck_bound(const struct pathcheck_options *o, struct pathcheck_bound *ret);

/**
 * Starts an engine.
 * @return 0; -EINVAL: an option is out of range; -ENOMEM; -EAGAIN: no thread; -ENOENT,
 * -EACCES: the helper program cannot be run; or another negative errno.
 */
int pathcheck_new(struct pathcheck **ret, const struct pathcheck_options *o);

/**
 * Ends it. PATHCHECK_PROCESS: kills the prober and waits 100 ms at most to collect it. It does
 * not wait if a request is in the kernel for as long already. A prober that the kernel holds for
 * longer stays a child of the caller. PATHCHECK_THREADS: waits for all that the kernel still
 * holds. NULL is allowed. @return NULL.
 */
struct pathcheck *pathcheck_free(struct pathcheck *pc);

/**
 * A descriptor to poll for POLLIN: then call pathcheck_results(). If that returns none, the
 * prober may have died: call pathcheck_tend(). The library owns the descriptor.
 */
int pathcheck_fd(const struct pathcheck *pc);

/**
 * Adds a path. Its first check opens it, on a rescuer.
 * @param ret_id its id until pathcheck_remove(); it may be above max_paths.
 * @return 0; -ENOSPC: max_paths are in use, or the names have more than 96 bytes on average;
 * -ENAMETOOLONG; -EINVAL: not absolute, host or target out of range, or unknown flags; -EAGAIN: the
 * prober has not taken enough of the last commands: try again after the next result.
 */
int pathcheck_add(struct pathcheck *pc, const struct pathcheck_path *p, uint32_t *ret_id);

/**
 * Removes a path. Its request in the kernel becomes an orphan, and no result of the path is
 * delivered any more. @return 0, -ENOENT, -EAGAIN as above.
 */
int pathcheck_remove(struct pathcheck *pc, uint32_t id);

/**
 * Queues one check. Its results are, in this order: DEFERRED at most once, TIMED_OUT at most
 * once, and one final verdict.
 * @param timeout_us counted from when the request is handed to the kernel.
 * @return 0; -EBUSY: the path's last check has not had its final result; -ENOENT; -EINVAL:
 * timeout_us is 0; -EAGAIN as above.
 */
int pathcheck_check(struct pathcheck *pc, uint32_t id, uint64_t timeout_us);

/**
 * Like pathcheck_check(). After a read that the device answered, a rescuer asks the device for its
 * WWID (SCSI: INQUIRY, page 0x83). pathcheck_opened() returns the WWID from the result on.
 */
int pathcheck_identify(struct pathcheck *pc, uint32_t id, uint64_t timeout_us);

/**
 * Which device the path's name led to when it was last opened.
 * @return 0; -ENOENT: no such path; -ENODATA: it was not opened yet; -EINVAL: ret->size.
 */
int pathcheck_opened(struct pathcheck *pc, uint32_t id, struct pathcheck_opened *ret);

/** Hands over the commands since the last call: once a batch. */
void pathcheck_flush(struct pathcheck *pc);

/**
 * Takes results, at most n of them. Never blocks.
 * @return how many were stored, 0: none is waiting.
 */
int pathcheck_results(struct pathcheck *pc, struct pathcheck_result *results, size_t n);

/**
 * To be called about every second while checks are outstanding, and when pathcheck_fd() was
 * readable without a result. Replaces a prober that died or makes no progress. All paths are
 * kept, and their outstanding checks start again.
 * @return 1: it was replaced; 0: nothing was wrong; -EINPROGRESS: it was replaced too often
 * lately, and the next call tries again; -errno: it could not be started, and the next call tries
 * again.
 */
int pathcheck_tend(struct pathcheck *pc);

/** Counters, as of now. @return 0, or -EINVAL when ret->size is not known. */
int pathcheck_stats(struct pathcheck *pc, struct pathcheck_stats *ret);

/** One group. @return 0, or -ENOENT: no group has that id now. */
int pathcheck_group(struct pathcheck *pc, uint32_t id, struct pathcheck_group *ret);

/**
 * The helper program that pathcheck_new() runs with these options: options.prober, else
 * PATHCHECK_PROBER in the environment, else the installed one.
 */
const char *pathcheck_program(const struct pathcheck_options *o);

/** Its version, "MAJOR.MINOR.PATCH". */
const char *pathcheck_version(void);

#ifdef __cplusplus
}
#endif

#endif
