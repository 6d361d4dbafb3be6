/*
 * The shim as an addon of Node: vdso.c behind Node-API, which is the same in every version of Node.
 * Where V8 is one whose fast API calls are known here, the hot functions are made once more, as such:
 * code that V8 has optimized then calls C with nothing in between.
 *
 * Freestanding plain C, as vdso.c, and no header of Node or V8: what is taken of them is declared
 * here, and tests/native/node_abi.cc holds it against the headers. All of it is weak: what a host does
 * not export is null, and that path is not taken.
 *
 * Built by scripts/build/shim.ts for each CPU that Node is released for.
 */
#define EXPORT static __attribute__((unused))
#include "vdso.c"

#include "node_host.h"

/* ---- Cells. V8 12.4 makes an object of each number that a fast call returns: 7 ns, and garbage. So
   there numbers are left in a cell of the context's own, which JavaScript reads as an element of a
   Float64Array. ---- */

struct cell {
  _Alignas(128) double value; /* no cache line is another thread's as well */
  char is_taken;
};
enum { CELL_COUNT = 512 };
static struct cell cells[CELL_COUNT];

INLINE void put(int32_t cell, double x) {
  if (LIKELY((uint32_t)cell < CELL_COUNT)) cells[cell].value = x;
}

/* ---- What V8 calls: from optimized code the fast ones, which get the receiver first; else the slow
   ones. What is made for V8 12.4 alone is called at_. ---- */

typedef const void *receiver;

#define F64_VOID(fn, call)                                                              \
  static double fast_##fn(receiver this) { return (void)this, (call); }                 \
  SLOW(fn, return_f64(info, call))                                                      \
  static void fast_at_##fn(receiver this, int32_t cell) { (void)this, put(cell, call); } \
  SLOW(at_##fn, put(i32_argument(info, 0), call))
#define F64_I32(fn, of)                                                                  \
  static double fast_##fn(receiver this, int32_t a) { return (void)this, of(a); }        \
  SLOW(fn, return_f64(info, of(i32_argument(info, 0))))                                  \
  static void fast_at_##fn(receiver this, int32_t cell, int32_t a) {                     \
    (void)this, put(cell, of(a));                                                        \
  }                                                                                      \
  SLOW(at_##fn, put(i32_argument(info, 0), of(i32_argument(info, 1))))
#define I32_VOID(fn, call)                                               \
  static int32_t fast_##fn(receiver this) { return (void)this, (call); } \
  SLOW(fn, return_f64(info, call))
#define I64_VOID(fn, call)                                               \
  static int64_t fast_##fn(receiver this) { return (void)this, (call); } \
  SLOW(fn, return_i64(info, call))
#define I64_I32(fn, of)                                                             \
  static int64_t fast_##fn(receiver this, int32_t a) { return (void)this, of(a); }  \
  SLOW(fn, return_i64(info, of(i32_argument(info, 0))))

F64_VOID(vdso_build_id, vdso_build_id()) /* does nothing: what a call itself costs */
F64_VOID(vdso_now, clock_number(CLOCK_MONOTONIC))
F64_I32(vdso_clock, clock_number)
I64_I32(vdso_clock_gettime, clock_integer)
F64_VOID(vdso_gettimeofday, vdso_gettimeofday())
F64_VOID(vdso_time, vdso_time())
I64_VOID(vdso_timestamp, vdso_timestamp())
F64_VOID(vdso_getcpu, vdso_getcpu())
I32_VOID(vdso_cpu, cpu_number())
F64_VOID(vdso_ticks, vdso_ticks())
F64_I32(vdso_random_u32, random_u32)
F64_I32(vdso_random_f64, random_f64)

/* Never more than there is room for. */
static int32_t fill_bytes(double request, struct bytes out) {
  return request_length(request) > out.length ? -EINVAL : fill_request(request, out.data);
}

struct typed_array { /* FastApiTypedArray of V8 12.4 */
  size_t length;
  char *data;
};
static int32_t fast_at_vdso_getrandom(receiver this, double request, const struct typed_array *out) {
  (void)this;
  return fill_bytes(request, (struct bytes){out->data, out->length});
}
static int32_t fast_vdso_getrandom(receiver this, double request, local out) {
  (void)this;
  if (!Value_IsUint8Array(out)) return -EINVAL;
  struct bytes bytes = ArrayBufferView_GetContents(out, 0, 0);
  /* What V8 keeps in its own heap would be copied out; Node's V8 keeps no array there. */
  return bytes.data ? fill_bytes(request, bytes) : -EFAULT;
}

static int32_t fill_argument(struct callback_info *info) {
  local out = argument(info, 1);
  if (!out || !Value_IsUint8Array(out)) return -EINVAL;
  char *data = ArrayBuffer_Data(ArrayBufferView_Buffer(out));
  if (!data) return -EFAULT;
  struct bytes bytes = {data + ArrayBufferView_ByteOffset(out), ArrayBufferView_ByteLength(out)};
  return fill_bytes(f64_argument(info, 0), bytes);
}
SLOW(vdso_getrandom, return_f64(info, fill_argument(info)))

/* ---- What Node-API calls: one function for all. ---- */

/* Result, then parameters: of hot functions behind the receiver, as V8 calls them. */
enum kind {
  F64_OF_VOID,
  F64_OF_I32,
  I32_OF_VOID,
  I64_OF_VOID,
  I64_OF_I32,
  I32_OF_F64_BUFFER,
  VOID_OF_I32, /* at_: the first parameter is the cell */
  VOID_OF_I32_I32,
  FAST_KINDS,
  F64_OF_VOID_COLD = FAST_KINDS,
  F64_OF_I32_I32_I32,
  I32_OF_VOID_COLD,
  I32_OF_BUFFER_I32,
  I32_OF_I32_BUFFER_I32,
  I32_OF_I32_I32,
  I64_OF_F64,
  I64_OF_I32_COLD,
  I64_OF_I32_I32,
  VOID_OF_BUFFER,
};

struct function {
  const char *name;
  enum kind kind;
  const void *call;
  slow_callback *slow; /* 0: not hot */
  const void *at;
  slow_callback *slow_at;
};

static double number(napi_env env, napi_value value) {
  double x = __builtin_nan("");
  napi_get_value_double(env, value, &x);
  return x;
}

static int32_t integer(napi_env env, napi_value value) { return to_i32(number(env, value)); }

static struct bytes bytes_of(napi_env env, napi_value value) {
  struct bytes bytes = {0, 0};
  void *data = 0;
  if (napi_get_typedarray_info(env, value, 0, &bytes.length, &data, 0, 0) != NAPI_OK)
    bytes.length = 0;
  bytes.data = data;
  return bytes;
}

static napi_value plain(napi_env env, napi_info info) {
  napi_value a[3], result = 0;
  size_t count = 3;
  const struct function *f = 0;
  if (napi_get_cb_info(env, info, &count, a, 0, &f) != NAPI_OK) return 0;
  const void *call = f->call;
  double x = 0;
  int64_t i = 0;
  switch (f->kind) {
  case F64_OF_VOID: x = ((double (*)(receiver))call)(0); break;
  case F64_OF_I32: x = ((double (*)(receiver, int32_t))call)(0, integer(env, a[0])); break;
  case I32_OF_VOID: x = ((int32_t (*)(receiver))call)(0); break;
  case I32_OF_F64_BUFFER: x = fill_bytes(number(env, a[0]), bytes_of(env, a[1])); break;
  case F64_OF_VOID_COLD: x = ((double (*)(void))call)(); break;
  case I32_OF_VOID_COLD: x = ((int32_t (*)(void))call)(); break;
  case I32_OF_BUFFER_I32:
  case I32_OF_I32_BUFFER_I32: {
    int at = f->kind == I32_OF_I32_BUFFER_I32;
    struct bytes bytes = bytes_of(env, a[at]);
    int32_t length = integer(env, a[at + 1]);
    if (length < 0 || (size_t)length > bytes.length) x = -EINVAL;
    else if (at) x = ((int32_t (*)(int32_t, void *, int32_t))call)(integer(env, a[0]), bytes.data, length);
    else x = ((int32_t (*)(void *, int32_t))call)(bytes.data, length);
    break;
  }
  case I32_OF_I32_I32:
    x = ((int32_t (*)(int32_t, int32_t))call)(integer(env, a[0]), integer(env, a[1]));
    break;
  case F64_OF_I32_I32_I32:
    x = ((double (*)(int32_t, int32_t, int32_t))call)(integer(env, a[0]), integer(env, a[1]),
                                                      integer(env, a[2]));
    break;
  case VOID_OF_BUFFER: /* three doubles at most */
    if (bytes_of(env, a[0]).length >= 3 * sizeof(double))
      ((void (*)(void *))call)(bytes_of(env, a[0]).data);
    return 0;
  case I64_OF_VOID: i = ((int64_t (*)(receiver))call)(0); goto bigint;
  case I64_OF_I32: i = ((int64_t (*)(receiver, int32_t))call)(0, integer(env, a[0])); goto bigint;
  case I64_OF_F64: i = ((int64_t (*)(double))call)(number(env, a[0])); goto bigint;
  case I64_OF_I32_COLD: i = ((int64_t (*)(int32_t))call)(integer(env, a[0])); goto bigint;
  case I64_OF_I32_I32:
    i = ((int64_t (*)(int32_t, int32_t))call)(integer(env, a[0]), integer(env, a[1]));
  bigint:
    napi_create_bigint_int64(env, i, &result);
    return result;
  default: return 0;
  }
  napi_create_double(env, x, &result);
  return result;
}

#define HOT(name, kind) {#name, kind, (void *)fast_##name, slow_##name, 0, 0}
#define HOT_AT(name, kind) \
  {#name, kind, (void *)fast_##name, slow_##name, (void *)fast_at_##name, slow_at_##name}
#define COLD(name, kind) {#name, kind, (void *)name, 0, 0, 0}
static const struct function functions[] = {
  HOT_AT(vdso_build_id, F64_OF_VOID),
  HOT_AT(vdso_now, F64_OF_VOID),
  HOT_AT(vdso_clock, F64_OF_I32),
  HOT_AT(vdso_gettimeofday, F64_OF_VOID),
  HOT_AT(vdso_time, F64_OF_VOID),
  HOT_AT(vdso_getcpu, F64_OF_VOID),
  HOT_AT(vdso_ticks, F64_OF_VOID),
  HOT_AT(vdso_random_u32, F64_OF_I32),
  HOT_AT(vdso_random_f64, F64_OF_I32),
  HOT(vdso_cpu, I32_OF_VOID),
  HOT(vdso_clock_gettime, I64_OF_I32),
  HOT(vdso_timestamp, I64_OF_VOID),
  HOT(vdso_getrandom, I32_OF_F64_BUFFER),
  COLD(vdso_clock_getres, I64_OF_F64),
  COLD(vdso_copy_image, I32_OF_BUFFER_I32),
  COLD(vdso_bind, I32_OF_I32_I32),
  COLD(vdso_sweep, I32_OF_VOID_COLD),
  COLD(vdso_ticks_frequency, F64_OF_VOID_COLD),
  COLD(vdso_ticks_sample, VOID_OF_BUFFER),
  COLD(vdso_ticks_costs, VOID_OF_BUFFER),
  COLD(vdso_random_slot, I32_OF_VOID_COLD),
  COLD(vdso_affinity, I32_OF_I32_BUFFER_I32),
  COLD(vdso_syscall, I64_OF_I32_I32),
  COLD(vdso_is_normalized, I32_OF_I32_I32),
  COLD(vdso_loop, F64_OF_I32_I32_I32),
  COLD(vdso_jitter, I32_OF_BUFFER_I32),
  COLD(vdso_adjtimex, I32_OF_BUFFER_I32),
  COLD(vdso_syslog, I32_OF_BUFFER_I32),
  COLD(vdso_seccomp, I32_OF_VOID_COLD),
  COLD(vdso_cpuid, I32_OF_I32_BUFFER_I32),
  COLD(vdso_entry_loop, F64_OF_I32_I32_I32),
  COLD(vdso_auxval, I64_OF_I32_COLD),
#ifdef COUNT_SLOW_CALLS
  COLD(vdso_slow_calls, F64_OF_VOID_COLD),
#endif
};
enum { FUNCTION_COUNT = sizeof functions / sizeof *functions };

#include "fast_calls.h"

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env,
                                                                          napi_value exports) {
  napi_value fn;
  for (size_t i = 0; i < FUNCTION_COUNT; i++) {
    const struct function *f = &functions[i];
    if (napi_create_function(env, f->name, NAPI_AUTO_LENGTH, plain, f, &fn) != NAPI_OK ||
        napi_set_named_property(env, exports, f->name, fn) != NAPI_OK)
      return 0;
  }
  if (napi_create_function(env, "fast", NAPI_AUTO_LENGTH, fast_calls, 0, &fn) == NAPI_OK)
    napi_set_named_property(env, exports, "fast", fn);
  return exports;
}
