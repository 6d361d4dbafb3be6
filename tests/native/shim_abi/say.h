/* What the program prints, in parts. */
#pragma once
#include <stdint.h>
#include <time.h>

/* A line "what result". */
void say(const char *what, int64_t result);

/* Nanoseconds of libc's own clock. */
int64_t libc_time(clockid_t clock);

/* clocks.c */
void say_clocks(void);
void say_order(void);
void say_normalized(void);

/* cpu.c */
void say_getcpu(void);
void say_ticks(void);
void say_affinity(void);

/* image.c; `entries`: how many there are to bind */
void say_bad_binds(int32_t entries);
void say_copies(void);
void say_bad_entries(int32_t entries);
void bind_vdso(void);

/* jitter.c */
void say_jitter(void);

/* loops.c */
void say_loops(void);
void say_entry_loops(int32_t entries);

/* machine.c */
void say_machine(void);

/* random.c */
void say_random(void);
void say_fork(void);

/* sweep.c */
void say_sweep(void);
