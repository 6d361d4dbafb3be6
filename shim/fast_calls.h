/* V8's fast API calls of the hot functions. Part of node.c. */

/* ---- Fast API calls: v8-fast-api-calls.h, which Node does not ship. ---- */

/* CTypeInfo::Type, the same in all three, and CTypeInfo::SequenceType of 12.4. */
enum { T_VOID = 0, T_UINT8 = 2, T_INT32 = 3, T_INT64 = 5, T_FLOAT64 = 8, T_VALUE = 10 };
enum { TYPED_ARRAY = 2 };
enum { NUMBER = 0, BIGINT = 1 }; /* CFunctionInfo::Int64Representation */

/* V8's compiler threads read these at any time, also when a context has ended: so they are constants,
   in a library that is never unmapped. A CTypeInfo has three bytes in 12.4 and 13.6, and two in 14.6. */
#define TYPE3(type) type, 0, 0
#define TYPE2(type) type, 0
#define OF_I32(type) {type(T_VALUE), type(T_INT32), type(T_INT32)}
#define OF_F64_BUFFER(type) {type(T_VALUE), type(T_FLOAT64), type(T_VALUE)}
static const uint8_t i32_12[] = OF_I32(TYPE3);
static const uint8_t i32_14[] = OF_I32(TYPE2);
static const uint8_t f64_buffer_12[] = {TYPE3(T_VALUE), TYPE3(T_FLOAT64), T_UINT8, TYPED_ARRAY, 0};
static const uint8_t f64_buffer_13[] = OF_F64_BUFFER(TYPE3);
static const uint8_t f64_buffer_14[] = OF_F64_BUFFER(TYPE2);

#define HEAD3(type, representation) {type, 0, 0, representation}
#define HEAD2(type, representation) {type, 0, representation, 0}
#define INFOS(head, i32, f64_buffer) {                           \
    [F64_OF_VOID] = {head(T_FLOAT64, NUMBER), 1, i32},           \
    [F64_OF_I32] = {head(T_FLOAT64, NUMBER), 2, i32},            \
    [I32_OF_VOID] = {head(T_INT32, NUMBER), 1, i32},             \
    [I64_OF_VOID] = {head(T_INT64, BIGINT), 1, i32},             \
    [I64_OF_I32] = {head(T_INT64, BIGINT), 2, i32},              \
    [I32_OF_F64_BUFFER] = {head(T_INT32, NUMBER), 3, f64_buffer}, \
    [VOID_OF_I32] = {head(T_VOID, NUMBER), 2, i32},              \
    [VOID_OF_I32_I32] = {head(T_VOID, NUMBER), 3, i32},          \
  }
static const struct function_info infos[][FAST_KINDS] = {
  [V8_12_4] = INFOS(HEAD3, i32_12, f64_buffer_12),
  [V8_13_6] = INFOS(HEAD3, i32_12, f64_buffer_13),
  [V8_14_6] = INFOS(HEAD2, i32_14, f64_buffer_14),
};

static int starts_with(const char *text, const char *prefix) {
  while (*prefix && *text == *prefix) text++, prefix++;
  return !*prefix;
}

/* By the version, "12.4.254.21-node.57", where everything is there. Embedders that change V8 or build it
   in another way have a suffix of their own: Electron's is "-electron.0". */
static enum v8 known_version(void) {
  if (!V8_GetVersion || !Isolate_GetCurrent || !Isolate_GetCurrentContext || !FunctionTemplate_New ||
      !FunctionTemplate_GetFunction || !CFunctionInfo_new || !CFunctionInfo_ArgumentInfo ||
      !Number_New || !BigInt_New || !Value_IsNumber || !Number_Value || !Value_IsUint8Array ||
      !ArrayBufferView_Buffer || !ArrayBufferView_ByteOffset || !ArrayBufferView_ByteLength ||
      !ArrayBuffer_Data)
    return V8_UNKNOWN;
  const char *text = V8_GetVersion();
  enum v8 found = starts_with(text, "12.4.254.") ? V8_12_4
    : starts_with(text, "13.6.233.")             ? V8_13_6
    : starts_with(text, "14.6.202.")             ? V8_14_6
                                                 : V8_UNKNOWN;
  while (*text && *text != '-') text++;
  if (!starts_with(text, "-node.")) return V8_UNKNOWN;
  return found > V8_12_4 && !ArrayBufferView_GetContents ? V8_UNKNOWN : found;
}

/* Lets V8 itself lay out what the table above has laid out. */
static int layouts_agree(enum v8 which) {
  size_t type_size = which == V8_14_6 ? 2 : 3;
  for (int kind = 0; kind < FAST_KINDS; kind++) {
    uint64_t memory[4] = {0};
    struct function_info *made = (struct function_info *)memory;
    const struct function_info *known = &infos[which][kind];
    uint8_t representation = kind == I64_OF_VOID || kind == I64_OF_I32 ? BIGINT : NUMBER;
    CFunctionInfo_new(made, known->head, known->count, known->arguments, representation);
    for (size_t i = 0; i < sizeof *made; i++)
      if (((const char *)made)[i] != ((const char *)known)[i]) return 0;
    if (memory[2] != 0 || memory[3] != 0) return 0;
    for (unsigned i = 0; i + 1 < known->count; i++)
      if (CFunctionInfo_ArgumentInfo(known, i) != known->arguments + i * type_size) return 0;
  }
  return 1;
}

static napi_value fast_function(enum v8 which, enum kind kind, slow_callback *slow, const void *fast) {
  struct isolate *isolate = Isolate_GetCurrent();
  const struct function_info *info = &infos[which][kind];
  struct c_function c = {fast, info};
  /* ConstructorBehavior::kThrow, SideEffectType::kHasSideEffect */
  local template =
    FunctionTemplate_New(isolate, slow, 0, 0, (int)info->count - 1, 0, 0, &c, 0, 0, 0);
  local context = Isolate_GetCurrentContext(isolate);
  return (napi_value)(template ? FunctionTemplate_GetFunction(template, context) : 0);
}

static void free_cell(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  __atomic_store_n(&((struct cell *)data)->is_taken, 0, __ATOMIC_RELEASE);
}

/* Gives the context a cell, as `cell` and `cell_index`. Taken until its array has been collected, or
   the context's thread has ended. Returns whether there is one left. */
static int add_cell(napi_env env, napi_value result) {
  napi_value memory, array, index;
  if (!napi_create_external_arraybuffer || !napi_create_typedarray) return 0;
  for (int i = 0; i < CELL_COUNT; i++) {
    struct cell *cell = &cells[i];
    if (__atomic_exchange_n(&cell->is_taken, 1, __ATOMIC_ACQUIRE)) continue;
    if (napi_create_external_arraybuffer(env, cell, sizeof cell->value, free_cell, 0, &memory) !=
        NAPI_OK) {
      free_cell(env, cell, 0);
      return 0;
    }
    return napi_create_typedarray(env, NAPI_FLOAT64_ARRAY, 1, memory, 0, &array) == NAPI_OK &&
      napi_create_double(env, i, &index) == NAPI_OK &&
      napi_set_named_property(env, result, "cell", array) == NAPI_OK &&
      napi_set_named_property(env, result, "cell_index", index) == NAPI_OK;
  }
  return 0;
}

/* An object of the hot functions as fast calls, or undefined. Where it has a cell, those that return
   a double leave it there instead, and take the cell's index first. */
static napi_value fast_calls(napi_env env, napi_info info) {
  (void)info;
  napi_value result = 0;
  enum v8 which = known_version();
  if (which == V8_UNKNOWN || !layouts_agree(which)) return 0;
  if (napi_create_object(env, &result) != NAPI_OK) return 0;
  __atomic_store_n(&v8, which, __ATOMIC_RELAXED);
  int has_cell = which == V8_12_4 && add_cell(env, result);
  for (size_t i = 0; i < FUNCTION_COUNT; i++) {
    const struct function *f = &functions[i];
    napi_value fn;
    if (!f->slow) continue;
    if (has_cell && f->at)
      fn = fast_function(which, f->kind == F64_OF_VOID ? VOID_OF_I32 : VOID_OF_I32_I32, f->slow_at,
                         f->at);
    else if (which == V8_12_4 && f->kind == I32_OF_F64_BUFFER)
      fn = fast_function(which, f->kind, f->slow, (void *)fast_at_vdso_getrandom);
    else
      fn = fast_function(which, f->kind, f->slow, f->call);
    if (!fn || napi_set_named_property(env, result, f->name, fn) != NAPI_OK) return 0;
  }
  return result;
}
