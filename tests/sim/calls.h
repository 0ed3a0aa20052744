/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SIM_CALLS_H
#define TESTS_SIM_CALLS_H

/*
 * The simulated calls that the linker (--wrap) uses instead of the system's: local.mk lists
 * them.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "libcheck/checkers/scsi.h"
#include "libcheck/checkers/scsi_device.h"
#include "libcheck/region/opened.h"
#include "tests/sim/sim.h"

int __wrap_pthread_mutex_lock(pthread_mutex_t *m);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *m);
int __wrap_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m);
int __wrap_pthread_cond_signal(pthread_cond_t *c);
int __wrap_pthread_cond_broadcast(pthread_cond_t *c);
int __wrap_thread_start(pthread_t *ret_thread, const char *name, size_t stack_bytes,
                        void *(*fn)(void *), void *arg);
int __wrap_pthread_join(pthread_t t, void **ret);
int __wrap_thread_join_for(pthread_t t, int64_t limit_us);
int __wrap_nanosleep(const struct timespec *pause, struct timespec *left);
int __wrap_prctl(int option, ...);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void __wrap_free(void *p);
void *__wrap_mmap(void *addr, size_t n, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *addr, size_t n);
int __wrap_eventfd(unsigned initial, int flags);
int __wrap_timerfd_create(int clock, int flags);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *its,
                           struct itimerspec *old);
int __wrap_epoll_create1(int flags);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *e);
int __wrap_memfd_create(const char *name, unsigned flags);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_ftruncate(int fd, off_t n);
int __wrap_close(int fd);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts,
                 const sigset_t *mask);
ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
int __wrap_open(const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_faccessat(int dir, const char *name, int mode, int flags);

/* kernel.c: the operations of processes. */
struct op *op_new(struct disk *d, uint64_t seq);
void op_over(struct op *op);
void op_set_buffer(struct op *op, void *buffer, uint32_t len);
void op_ask(struct op *op, bool nowait); /* gives the operation to its disk */
void op_answer(void *op);                /* the event of an answer */
/* The operation is one of the context's, and has this request. */
void kernel_enter(struct op *op, void *context, struct backend_request *r);

/* sg.c: fills in the answer to op->command. */
void sg_answer(struct op *op);
int sg_submit(void *context, struct backend_request *const *requests, unsigned n);
int __wrap_scsi_device_open(const char *name, int stale_fd, int *ret_fd,
                            uint32_t *ret_block);
int __wrap_scsi_device_look(const char *name, int fd, uint32_t *ret_block);
void __wrap_scsi_device_describe(int fd, struct opened_device *ret);
bool __wrap_scsi_device_is_slow(int fd);
int __wrap_scsi_device_send(int fd, struct scsi_exchange *x, void *data);

int __wrap_directio_look(const char *name, int fd, uint32_t *ret_block);
int __wrap_directio_open(const char *name, int stale_fd, int *ret_fd,
                         uint32_t *ret_block);
int64_t __wrap_directio_read(int fd, void *buffer, uint32_t block);
int __wrap_scsi_test_unit(int fd, struct sense *ret);
int __wrap_scsi_ask_wwid(int fd, char ret[static VPD_TEXT_MAX]);
void __wrap_directio_describe(int fd, struct opened_device *ret);
int __wrap_process_start(struct process *ret, const char *program, int program_fd,
                         const struct shared *s);
bool __wrap_process_ended(const struct process *p);
bool __wrap_process_dying(const struct process *p);
void __wrap_process_kill(struct process *p);
bool __wrap_process_collect(struct process *p);
void __wrap_process_collect_by(struct process *p, struct mono limit);

int __wrap_pathcheck_new(struct pathcheck **ret, const struct pathcheck_options *o);
int __real_pathcheck_new(struct pathcheck **ret, const struct pathcheck_options *o);
int __wrap_pathcheck_add(struct pathcheck *pc, const struct pathcheck_path *p,
                         uint32_t *ret_id);
int __real_pathcheck_add(struct pathcheck *pc, const struct pathcheck_path *p,
                         uint32_t *ret_id);
int __wrap_pathcheck_check(struct pathcheck *pc, uint32_t id, uint64_t timeout_us);
int __real_pathcheck_check(struct pathcheck *pc, uint32_t id, uint64_t timeout_us);
int __wrap_pathcheck_identify(struct pathcheck *pc, uint32_t id, uint64_t timeout_us);
int __real_pathcheck_identify(struct pathcheck *pc, uint32_t id, uint64_t timeout_us);
int __wrap_pathcheck_results(struct pathcheck *pc, struct pathcheck_result *results,
                             size_t n);
int __real_pathcheck_results(struct pathcheck *pc, struct pathcheck_result *results,
                             size_t n);
bool __wrap_devmapper_next(struct devmapper *d, struct dm_record *ret);
bool __real_devmapper_next(struct devmapper *d, struct dm_record *ret);
bool __wrap_devmapper_command(struct devmapper *d, const struct dm_command *c);
bool __real_devmapper_command(struct devmapper *d, const struct dm_command *c);
int __wrap_prober_start(struct prober *p, struct shared *shared,
                        const struct backends *backends);
int __real_prober_start(struct prober *p, struct shared *shared,
                        const struct backends *backends);

#endif
