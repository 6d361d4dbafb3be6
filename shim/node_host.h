/* What Node and V8 export, as far as the addon takes it. Part of node.c. */

/* ---- Node-API: js_native_api.h, node_api.h. ---- */

typedef struct napi_env *napi_env;
typedef struct napi_value *napi_value;
typedef struct napi_info *napi_info;
typedef napi_value napi_callback(napi_env, napi_info);
typedef void napi_finalize(napi_env, void *data, void *hint);

enum { NAPI_OK = 0, NAPI_FLOAT64_ARRAY = 8 };
#define NAPI_AUTO_LENGTH ((size_t)-1)

#define NAPI(name, ...) extern __attribute__((weak)) int name(napi_env, __VA_ARGS__)
NAPI(napi_create_function, const char *, size_t, napi_callback *, const void *, napi_value *);
NAPI(napi_set_named_property, napi_value, const char *, napi_value);
NAPI(napi_get_cb_info, napi_info, size_t *, napi_value *, napi_value *, const void *);
NAPI(napi_create_object, napi_value *);
NAPI(napi_create_double, double, napi_value *);
NAPI(napi_create_bigint_int64, int64_t, napi_value *);
NAPI(napi_get_value_double, napi_value, double *);
NAPI(napi_get_typedarray_info, napi_value, int *, size_t *, void **, napi_value *, size_t *);
NAPI(napi_create_external_arraybuffer, void *, size_t, napi_finalize *, void *, napi_value *);
NAPI(napi_create_typedarray, int, size_t, napi_value, size_t, napi_value *);

/* ---- V8. A Local<T> is a pointer to the handle's slot, and so is a napi_value. ---- */

typedef uint64_t *local;
struct isolate;
struct callback_info;
struct bytes { /* MemorySpan<uint8_t> */
  char *data;
  size_t length;
};
typedef void slow_callback(struct callback_info *);

struct function_info { /* CFunctionInfo */
  uint8_t head[4]; /* the CTypeInfo of the result, the representation of 64-bit integers */
  uint32_t count;
  const uint8_t *arguments; /* CTypeInfo */
};
struct c_function { /* CFunction */
  const void *address;
  const struct function_info *info;
};

#define V8(result, name, mangled, ...) \
  extern __attribute__((weak)) result name(__VA_ARGS__) __asm__(mangled)
V8(const char *, V8_GetVersion, "_ZN2v82V810GetVersionEv", void);
V8(struct isolate *, Isolate_GetCurrent, "_ZN2v87Isolate10GetCurrentEv", void);
V8(local, Isolate_GetCurrentContext, "_ZN2v87Isolate17GetCurrentContextEv", struct isolate *);
V8(local, FunctionTemplate_New,
   "_ZN2v816FunctionTemplate3NewEPNS_7IsolateEPFvRKNS_20FunctionCallbackInfoINS_5ValueEEEENS_5LocalI"
   "S4_EENSA_INS_9SignatureEEEiNS_19ConstructorBehaviorENS_14SideEffectTypeEPKNS_9CFunctionEttt",
   struct isolate *, slow_callback *, local data, local signature, int length, int behavior,
   int side_effect, const struct c_function *, uint16_t, uint16_t, uint16_t);
V8(local, FunctionTemplate_GetFunction,
   "_ZN2v816FunctionTemplate11GetFunctionENS_5LocalINS_7ContextEEE", local, local context);
V8(void, CFunctionInfo_new,
   "_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_NS0_19Int64RepresentationE",
   struct function_info *, const uint8_t *result, unsigned count, const uint8_t *arguments,
   uint8_t representation);
V8(const uint8_t *, CFunctionInfo_ArgumentInfo, "_ZNK2v813CFunctionInfo12ArgumentInfoEj",
   const struct function_info *, unsigned index);
V8(local, Number_New, "_ZN2v86Number3NewEPNS_7IsolateEd", struct isolate *, double);
V8(local, BigInt_New, "_ZN2v86BigInt3NewEPNS_7IsolateEl", struct isolate *, int64_t);
V8(_Bool, Value_IsNumber, "_ZNK2v85Value8IsNumberEv", local);
V8(double, Number_Value, "_ZNK2v86Number5ValueEv", local);
V8(_Bool, Value_IsUint8Array, "_ZNK2v85Value12IsUint8ArrayEv", local);
V8(local, ArrayBufferView_Buffer, "_ZN2v815ArrayBufferView6BufferEv", local);
V8(size_t, ArrayBufferView_ByteOffset, "_ZN2v815ArrayBufferView10ByteOffsetEv", local);
V8(size_t, ArrayBufferView_ByteLength, "_ZN2v815ArrayBufferView10ByteLengthEv", local);
V8(char *, ArrayBuffer_Data, "_ZNK2v811ArrayBuffer4DataEv", local);
/* Not in V8 12.4. The span that it takes is passed as two words. */
V8(struct bytes, ArrayBufferView_GetContents,
   "_ZN2v815ArrayBufferView11GetContentsENS_10MemorySpanIhEE", local, char *, size_t);

/* The V8 of this process, once it is known; every thread stores the same. */
enum v8 { V8_UNKNOWN, V8_12_4, V8_13_6, V8_14_6 };
static enum v8 v8;

/* FunctionCallbackInfo, whose accessors are inline: fixed by the ABI of each line of Node. */
struct callback_info_12 {
  uint64_t *implicit; /* 1: isolate, 3: return value */
  local values;
  uint64_t length; /* in 12.4 an int */
};
struct callback_info_14 {
  uint64_t length;
  uint64_t unused[4];
  struct isolate *isolate;
  uint64_t result;
  uint64_t more[3];
  uint64_t values[];
};

static struct isolate *isolate_of(struct callback_info *info) {
  return v8 == V8_14_6 ? ((struct callback_info_14 *)info)->isolate
                       : (struct isolate *)((struct callback_info_12 *)info)->implicit[1];
}

static void return_local(struct callback_info *info, local value) {
  if (v8 == V8_14_6) ((struct callback_info_14 *)info)->result = *value;
  else ((struct callback_info_12 *)info)->implicit[3] = *value;
}

static local argument(struct callback_info *info, int index) {
  if (v8 == V8_14_6) {
    struct callback_info_14 *i = (void *)info;
    return index < (int)i->length ? &i->values[index] : 0;
  }
  struct callback_info_12 *i = (void *)info;
  return index < (int)i->length ? i->values + index : 0;
}

static void return_f64(struct callback_info *info, double x) {
  return_local(info, Number_New(isolate_of(info), x));
}

static void return_i64(struct callback_info *info, int64_t x) {
  return_local(info, BigInt_New(isolate_of(info), x));
}

/* What is no int32 is a clock, a slot and a cell that does not exist: C itself promises nothing, and
 * aarch64 makes 0 of NaN. Not inline: 1 KB in all. */
__attribute__((noinline)) static int32_t to_i32(double x) {
  return x >= INT32_MIN && x <= INT32_MAX ? (int32_t)x : INT32_MIN;
}

static double f64_argument(struct callback_info *info, int index) {
  local value = argument(info, index);
  return value && Value_IsNumber(value) ? Number_Value(value) : __builtin_nan("");
}

static int32_t i32_argument(struct callback_info *info, int index) {
  return to_i32(f64_argument(info, index));
}

#ifdef COUNT_SLOW_CALLS /* for tests: how often V8 has not made a fast call */
static int64_t slow_calls;
#define SLOW(fn, ...)                                             \
  static void slow_##fn(struct callback_info *info) {             \
    __atomic_fetch_add(&slow_calls, 1, __ATOMIC_RELAXED);         \
    __VA_ARGS__;                                                  \
  }
static double vdso_slow_calls(void) { return (double)__atomic_load_n(&slow_calls, __ATOMIC_RELAXED); }
#else
#define SLOW(fn, ...) \
  static void slow_##fn(struct callback_info *info) { __VA_ARGS__; }
#endif
