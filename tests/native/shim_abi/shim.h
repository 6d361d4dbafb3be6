/* The functions of the shim, as pointers that load() sets. */
#pragma once
#include <stdint.h>

#define SHIM_FUNCTIONS(FUNCTION)                                   \
  FUNCTION(double, vdso_build_id, (void))                          \
  FUNCTION(int64_t, vdso_auxval, (int32_t))                        \
  FUNCTION(int32_t, vdso_copy_image, (void *, int32_t))            \
  FUNCTION(int32_t, vdso_bind, (int32_t, int32_t))                 \
  FUNCTION(int32_t, vdso_sweep, (void))                            \
  FUNCTION(double, vdso_now, (void))                               \
  FUNCTION(double, vdso_clock, (double))                           \
  FUNCTION(int64_t, vdso_clock_gettime, (double))                  \
  FUNCTION(int64_t, vdso_clock_getres, (double))                   \
  FUNCTION(double, vdso_gettimeofday, (void))                      \
  FUNCTION(double, vdso_time, (void))                              \
  FUNCTION(int64_t, vdso_timestamp, (void))                        \
  FUNCTION(double, vdso_getcpu, (void))                            \
  FUNCTION(double, vdso_cpu, (void))                               \
  FUNCTION(double, vdso_ticks, (void))                             \
  FUNCTION(double, vdso_ticks_frequency, (void))                   \
  FUNCTION(void, vdso_ticks_sample, (double *))                    \
  FUNCTION(void, vdso_ticks_costs, (double *))                     \
  FUNCTION(int32_t, vdso_random_slot, (void))                      \
  FUNCTION(double, vdso_getrandom, (double, void *))               \
  FUNCTION(double, vdso_random_u32, (double))                      \
  FUNCTION(double, vdso_random_f64, (double))                      \
  FUNCTION(int64_t, vdso_syscall, (int32_t, int32_t))              \
  FUNCTION(int32_t, vdso_is_normalized, (int32_t, int32_t))        \
  FUNCTION(int32_t, vdso_affinity, (int32_t, void *, int32_t))     \
  FUNCTION(double, vdso_loop, (int32_t, int32_t, int32_t))         \
  FUNCTION(int32_t, vdso_jitter, (void *, int32_t))                \
  FUNCTION(int32_t, vdso_adjtimex, (void *, int32_t))              \
  FUNCTION(int32_t, vdso_syslog, (void *, int32_t))                \
  FUNCTION(int32_t, vdso_seccomp, (void))                          \
  FUNCTION(int32_t, vdso_cpuid, (int32_t, void *, int32_t))        \
  FUNCTION(double, vdso_entry_loop, (int32_t, int32_t, int32_t))

#define DECLARE(result, name, parameters) extern result(*name) parameters;
SHIM_FUNCTIONS(DECLARE)
#undef DECLARE

/* The entries, in the order of the shim's own. */
enum { CLOCK_GETTIME, CLOCK_GETRES, GETTIMEOFDAY, TIME, GETCPU, GETRANDOM };

/* Ends the program where the file at that path is no shim. */
void load(const char *path);
