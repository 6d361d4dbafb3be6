// Holds what shim/node.c declares by hand against Node's own headers, of each version:
// g++ -std=c++20 -fno-access-control -c -I NODE/include/node. The compiled file asks for the functions by
// the names that the headers give them, which the test compares with those in shim/node.c.
#include <node.h>
#include <node_api.h>
#include <v8.h>

#include <cstddef>
#include <type_traits>

// A handle is passed and returned as the pointer that it holds, and so is a napi_value.
template <typename T>
constexpr bool is_pointer_like = sizeof(T) == sizeof(void *) && std::is_trivially_copyable_v<T> &&
                                 std::is_trivially_destructible_v<T>;
static_assert(is_pointer_like<v8::Local<v8::Value>>);
static_assert(is_pointer_like<v8::MaybeLocal<v8::Function>>);
static_assert(is_pointer_like<napi_value> && is_pointer_like<napi_callback_info>);
#ifdef V8_ENABLE_DIRECT_HANDLE
#error handles are direct: they hold no pointer to a slot
#endif
#ifdef V8_COMPRESS_POINTERS
#error values are compressed
#endif

static_assert(int(v8::ConstructorBehavior::kThrow) == 0);
static_assert(int(v8::SideEffectType::kHasSideEffect) == 0);
static_assert(napi_ok == 0 && napi_float64_array == 8 && NAPI_AUTO_LENGTH == size_t(-1));

// FunctionCallbackInfo, whose accessors are inline in every addon.
using Info = v8::FunctionCallbackInfo<v8::Value>;
static_assert(std::is_same_v<v8::FunctionCallback, void (*)(const Info &)>);
#if NODE_MODULE_VERSION == 127 || NODE_MODULE_VERSION == 137
static_assert(Info::kIsolateIndex == 1 && Info::kReturnValueIndex == 3);
static_assert(offsetof(Info, implicit_args_) == 0 && offsetof(Info, values_) == 8 &&
              offsetof(Info, length_) == 16);
#elif NODE_MODULE_VERSION == 147
static_assert(Info::kArgcIndex == 0 && Info::kIsolateIndex == 5 && Info::kReturnValueIndex == 6 &&
              Info::kFirstJSArgumentIndex == 10);
static_assert(offsetof(Info, values_) == 0);
#else
#error a version that shim/node.c does not know
#endif

// MemorySpan is passed and returned as two words.
#if NODE_MODULE_VERSION >= 137
using Span = v8::MemorySpan<uint8_t>;
static_assert(sizeof(Span) == 16 && std::is_trivially_copyable_v<Span>);
static_assert(offsetof(Span, data_) == 0 && offsetof(Span, size_) == 8);
#endif

// Taking the addresses, as the types of shim/node.c have them, makes the compiler spell the names.
template <typename T>
using local = v8::Local<T>;
void *const names[] = {
  (void *)static_cast<const char *(*)()>(&v8::V8::GetVersion),
  (void *)static_cast<v8::Isolate *(*)()>(&v8::Isolate::GetCurrent),
  (void *)static_cast<local<v8::FunctionTemplate> (*)(
    v8::Isolate *, v8::FunctionCallback, local<v8::Value>, local<v8::Signature>, int,
    v8::ConstructorBehavior, v8::SideEffectType, const v8::CFunction *, uint16_t, uint16_t,
    uint16_t)>(&v8::FunctionTemplate::New),
  (void *)static_cast<local<v8::Number> (*)(v8::Isolate *, double)>(&v8::Number::New),
  (void *)static_cast<local<v8::BigInt> (*)(v8::Isolate *, int64_t)>(&v8::BigInt::New),
};

template <typename R, typename T, typename... A>
void *member(R (T::*function)(A...)) {
  union {
    R (T::*function)(A...);
    void *address;
  } u = {function};
  return u.address;
}
template <typename R, typename T, typename... A>
void *member(R (T::*function)(A...) const) {
  return member(reinterpret_cast<R (T::*)(A...)>(function));
}
void *const members[] = {
  member<local<v8::Context>, v8::Isolate>(&v8::Isolate::GetCurrentContext),
  member<v8::MaybeLocal<v8::Function>, v8::FunctionTemplate, local<v8::Context>>(
    &v8::FunctionTemplate::GetFunction),
  member<bool, v8::Value>(&v8::Value::IsNumber),
  member<double, v8::Number>(&v8::Number::Value),
  member<bool, v8::Value>(&v8::Value::IsUint8Array),
  member<local<v8::ArrayBuffer>, v8::ArrayBufferView>(&v8::ArrayBufferView::Buffer),
  member<size_t, v8::ArrayBufferView>(&v8::ArrayBufferView::ByteOffset),
  member<size_t, v8::ArrayBufferView>(&v8::ArrayBufferView::ByteLength),
  member<void *, v8::ArrayBuffer>(&v8::ArrayBuffer::Data),
#if NODE_MODULE_VERSION >= 137
  member<Span, v8::ArrayBufferView, Span>(&v8::ArrayBufferView::GetContents),
#endif
};

// Node-API, whose functions are C: the types must be the same but for the pointers.
template <typename... A>
using api = napi_status(NAPI_CDECL *)(napi_env, A...);
const api<const char *, size_t, napi_callback, void *, napi_value *> create_function =
  napi_create_function;
const api<napi_value, const char *, napi_value> set_named_property = napi_set_named_property;
const api<napi_callback_info, size_t *, napi_value *, napi_value *, void **> get_cb_info =
  napi_get_cb_info;
const api<napi_value *> create_object = napi_create_object;
const api<double, napi_value *> create_double = napi_create_double;
const api<int64_t, napi_value *> create_bigint = napi_create_bigint_int64;
const api<napi_value, double *> get_value_double = napi_get_value_double;
const api<napi_value, napi_typedarray_type *, size_t *, void **, napi_value *, size_t *>
  get_typedarray_info = napi_get_typedarray_info;
const api<void *, size_t, napi_finalize, void *, napi_value *> create_external_arraybuffer =
  napi_create_external_arraybuffer;
const api<napi_typedarray_type, size_t, napi_value, size_t, napi_value *> create_typedarray =
  napi_create_typedarray;
static_assert(sizeof(napi_typedarray_type) == sizeof(int) && sizeof(napi_status) == sizeof(int));
