/*
 * addon_host ADDON
 *
 * A host of Node-API in C, without V8: loads the addon as Node would, calls its functions, and prints
 * how many there are, and what is wrong with their answers: nothing, one hopes. For C libraries that no
 * Node can be had for. Built with -rdynamic, so that the addon finds the napi_ functions here.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct value *napi_value;
typedef struct call *napi_info;
typedef napi_value callback(void *env, napi_info);

struct value {
  double number;
  int64_t bigint;
  callback *function;
  void *data; /* of a function, or bytes */
  size_t length;
};
struct call {
  napi_value arguments[3];
  size_t count;
  void *data;
};

enum { MOST = 64 };
static struct {
  const char *name;
  napi_value value;
} exports[MOST];
static int export_count;

static napi_value make(struct value v) {
  napi_value made = malloc(sizeof *made);
  *made = v;
  return made;
}

int napi_create_function(void *env, const char *name, size_t length, callback *f, void *data,
                         napi_value *out) {
  (void)env, (void)name, (void)length;
  *out = make((struct value){.function = f, .data = data});
  return 0;
}
int napi_set_named_property(void *env, napi_value object, const char *name, napi_value value) {
  (void)env, (void)object;
  if (export_count == MOST) return 1;
  exports[export_count].name = name;
  exports[export_count++].value = value;
  return 0;
}
int napi_get_cb_info(void *env, napi_info info, size_t *count, napi_value *arguments,
                     napi_value *receiver, void **data) {
  static struct value undefined = {.number = NAN};
  (void)env, (void)receiver;
  for (size_t i = 0; i < *count; i++)
    arguments[i] = i < info->count ? info->arguments[i] : &undefined;
  *count = info->count;
  *data = info->data;
  return 0;
}
int napi_create_object(void *env, napi_value *out) {
  (void)env;
  *out = make((struct value){0});
  return 0;
}
int napi_create_double(void *env, double x, napi_value *out) {
  (void)env;
  *out = make((struct value){.number = x});
  return 0;
}
int napi_create_bigint_int64(void *env, int64_t x, napi_value *out) {
  (void)env;
  *out = make((struct value){.bigint = x});
  return 0;
}
int napi_get_value_double(void *env, napi_value value, double *x) {
  (void)env;
  *x = value->number;
  return 0;
}
int napi_get_typedarray_info(void *env, napi_value value, int *type, size_t *length, void **data,
                             napi_value *buffer, size_t *offset) {
  (void)env, (void)type, (void)buffer, (void)offset;
  *length = value->length;
  *data = value->data;
  return value->data ? 0 : 1;
}

static napi_value call(const char *name, size_t count, napi_value a, napi_value b) {
  for (int i = 0; i < export_count; i++) {
    if (strcmp(exports[i].name, name)) continue;
    napi_value f = exports[i].value;
    struct call c = {{a, b}, count, f->data};
    return f->function(0, &c);
  }
  fprintf(stderr, "addon_host: no %s\n", name);
  exit(1);
}

static int64_t clock_now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int main(int argc, char **argv) {
  void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : 0;
  if (!library) {
    fprintf(stderr, "addon_host: %s\n", argc == 2 ? dlerror() : "one argument");
    return 1;
  }
  callback *load;
  *(void **)&load = dlsym(library, "napi_register_module_v1");
  if (!load || !load(0, (napi_info)make((struct value){0}))) {
    fprintf(stderr, "addon_host: nothing registers\n");
    return 1;
  }
  printf("%d functions\n", export_count);

  struct value monotonic = {.number = 1}, no_clock = {.number = 12}, slot = {.number = -1};
  double before = (double)clock_now(CLOCK_MONOTONIC);
  double now = call("vdso_now", 0, 0, 0)->number;
  double clock = call("vdso_clock", 1, &monotonic, 0)->number;
  int64_t integer = call("vdso_clock_gettime", 1, &monotonic, 0)->bigint;
  double after = (double)clock_now(CLOCK_MONOTONIC);
  if (!(before <= now && now <= clock && clock <= (double)integer && (double)integer <= after))
    printf("wrong: %f, %f, %f, %lld, %f\n", before, now, clock, (long long)integer, after);
  if (!isnan(call("vdso_clock", 1, &no_clock, 0)->number)) printf("wrong: clock 12\n");
  if (!isnan(call("vdso_clock", 0, 0, 0)->number)) printf("wrong: no clock at all\n");
  if (call("vdso_clock_gettime", 1, &no_clock, 0)->bigint != INT64_MIN + 22)
    printf("wrong: clock_gettime(2) of clock 12\n");
  double random = call("vdso_random_f64", 1, &slot, 0)->number;
  if (!(random >= 0 && random < 1)) printf("wrong: random %f\n", random);

  unsigned char bytes[48] = {0};
  struct value part = {.data = bytes + 16, .length = 16}, request = {.number = 16};
  double result = call("vdso_getrandom", 2, &request, &part)->number;
  int inside = 0, outside = 0;
  for (int i = 0; i < 48; i++) *(i >= 16 && i < 32 ? &inside : &outside) += bytes[i];
  if (result != 0 || inside == 0 || outside != 0) printf("wrong: getrandom %f\n", result);
  request.number = 17;
  if (call("vdso_getrandom", 2, &request, &part)->number != -22) printf("wrong: 17 bytes in 16\n");

  /* Nothing here is V8. */
  printf("fast calls: %s\n", call("fast", 0, 0, 0) ? "some" : "none");
  return 0;
}
