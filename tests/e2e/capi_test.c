/* The C API from C99: every refusal without a model, and generation, streaming, cancelling and a cascade with one.
 * Each check that fails prints its line; the exit status is the verdict. */
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/capi/runtime.h"

static int n_failed = 0;
static int n_checked = 0;

static void check(int is_true, const char* what, int line) {
  ++n_checked;
  if (is_true) return;
  ++n_failed;
  char message[512];
  blue_last_error(NULL, message, sizeof message);
  fprintf(stderr, "capi_test.c:%d: failed: %s (last error: %s)\n", line, what, message);
}
#define CHECK(condition) check((condition) ? 1 : 0, #condition, __LINE__)

static char folder[] = "/tmp/blue_capi_XXXXXX";

static const char* path_in_folder(const char* name) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static const char* write_file(const char* name, const char* bytes, size_t n) {
  const char* path = path_in_folder(name);
  FILE* file = fopen(path, "wb");
  CHECK(file != NULL);
  if (file != NULL) {
    CHECK(fwrite(bytes, 1, n, file) == n);
    fclose(file);
  }
  return path;
}

static int last_error_has(const blue_runtime* runtime, const char* part) {
  char message[1024];
  return blue_last_error(runtime, message, sizeof message) > 0 && strstr(message, part) != NULL;
}

static void null_arguments_are_refused(void) {
  char* text = NULL;
  blue_event event = BLUE_EVENT_TEXT;
  blue_stream* stream = NULL;
  blue_figures figures;
  figures.size = sizeof figures;
  CHECK(blue_options_create(NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(last_error_has(NULL, "blue_options_create: options is null"));
  CHECK(blue_options_set_device(NULL, "cpu") == BLUE_ERROR_BAD_INPUT);
  CHECK(last_error_has(NULL, "blue_options_set_device"));
  CHECK(blue_options_set_context(NULL, 1) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_options_set_vram_budget(NULL, 1) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_options_set_ram_budget(NULL, 1) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_options_set_runs_folder(NULL, "/tmp") == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_options_set_log(NULL, NULL, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_options_destroy(NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_create(NULL, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_destroy(NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_device(NULL) == NULL);
  CHECK(blue_load(NULL, "x.gguf") == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_cancel(NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_request_create("x.gguf", "", NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_request_set_seed(NULL, 1) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_request_destroy(NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_generate(NULL, NULL, &text, NULL, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_generate(NULL, NULL, NULL, NULL, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_generate_stream_begin(NULL, NULL, &stream) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_generate_stream_begin(NULL, NULL, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_run_cascade_begin(NULL, NULL, "task", NULL, 0, &stream) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_stream_poll(NULL, 0, &event) == BLUE_ERROR_BAD_INPUT);
  CHECK(event == BLUE_EVENT_NONE);
  CHECK(blue_stream_text(NULL, NULL) == NULL);
  CHECK(blue_stream_name(NULL) == NULL);
  CHECK(blue_stream_run_id(NULL) == NULL);
  CHECK(blue_stream_figures(NULL, &figures) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_stream_slot(NULL, "task", &text, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_stream_cancel(NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_stream_destroy(&stream) == BLUE_ERROR_BAD_INPUT);
  blue_string_free(NULL);
}

static void versions_and_words(void) {
  CHECK(strcmp(blue_version(), BLUE_VERSION) == 0);
  CHECK(strcmp(blue_status_text(BLUE_OK), "ok") == 0);
  CHECK(strcmp(blue_status_text((blue_status)999), "unknown status") == 0);
}

static void errors_are_cut_to_the_buffer(void) {
  char small[5] = "zzzz";
  CHECK(blue_destroy(NULL) == BLUE_ERROR_BAD_INPUT);
  const size_t whole = blue_last_error(NULL, NULL, 0);
  CHECK(whole > 4);
  CHECK(blue_last_error(NULL, small, sizeof small) == whole);
  CHECK(strcmp(small, "blue") == 0);
}

static void impossible_requests_are_refused(void) {
  blue_request* request = NULL;
  CHECK(blue_request_create(NULL, "x", &request) == BLUE_ERROR_BAD_INPUT);
  CHECK(request == NULL);
  CHECK(blue_request_create("x.gguf", "x", &request) == BLUE_OK);
  CHECK(blue_request_set_max_tokens(request, 0) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_request_set_temperature(request, -1.0F) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_request_set_top_k(request, -1) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_request_set_top_p(request, 0.0F) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_request_set_min_p(request, 2.0F) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_request_set_system(request, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_request_set_temperature(request, 0.5F) == BLUE_OK);
  CHECK(blue_request_destroy(&request) == BLUE_OK);
  CHECK(blue_request_destroy(&request) == BLUE_ERROR_BAD_INPUT);
}

static void unknown_devices_are_refused(void) {
  blue_options* options = NULL;
  blue_runtime* runtime = NULL;
  CHECK(blue_options_create(&options) == BLUE_OK);
  CHECK(blue_options_set_device(options, "") == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_options_set_context(options, 0) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_options_set_device(options, "abacus:7") == BLUE_OK);
  CHECK(blue_create(options, &runtime) != BLUE_OK);
  CHECK(runtime == NULL);
  CHECK(last_error_has(NULL, "abacus"));
  CHECK(blue_options_destroy(&options) == BLUE_OK);
  CHECK(blue_options_destroy(&options) == BLUE_ERROR_BAD_INPUT);
}

static void count_line(blue_log_level level, const char* line, void* user) {
  (void)level;
  if (line != NULL) ++*(int*)user;
}

static blue_runtime* start(int* n_lines) {
  blue_options* options = NULL;
  blue_runtime* runtime = NULL;
  CHECK(blue_options_create(&options) == BLUE_OK);
  CHECK(blue_options_set_device(options, "cpu") == BLUE_OK);
  CHECK(blue_options_set_vram_budget(options, 256u << 20) == BLUE_OK);
  CHECK(blue_options_set_runs_folder(options, path_in_folder("runs")) == BLUE_OK);
  CHECK(blue_options_set_log(options, count_line, n_lines) == BLUE_OK);
  CHECK(blue_create(options, &runtime) == BLUE_OK);
  CHECK(blue_options_destroy(&options) == BLUE_OK);
  return runtime;
}

static blue_status poll_to_end(blue_stream* stream, char* text, size_t capacity) {
  blue_status status = BLUE_OK;
  blue_event event = BLUE_EVENT_NONE;
  size_t used = 0;
  text[0] = '\0';
  while (event != BLUE_EVENT_FINISHED) {
    status = blue_stream_poll(stream, 1000, &event);
    if (event == BLUE_EVENT_NONE && status != BLUE_OK) return status;
    if (event != BLUE_EVENT_TEXT) continue;
    size_t length = 0;
    const char* piece = blue_stream_text(stream, &length);
    if (used + length + 1 > capacity) length = capacity - used - 1;
    memcpy(text + used, piece, length);
    used += length;
    text[used] = '\0';
  }
  return status;
}

static void bad_models_are_refused(blue_runtime* runtime) {
  static const char truncated[] = "GGUF\3\0\0\0\1\0\0\0";
  blue_request* request = NULL;
  blue_stream* stream = NULL;
  char* text = (char*)1;
  char streamed[64];
  CHECK(blue_load(runtime, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_load(runtime, "/absent/model.gguf") == BLUE_ERROR_BAD_INPUT);
  CHECK(last_error_has(runtime, "/absent/model.gguf"));
  CHECK(blue_load(runtime, folder) != BLUE_OK);
  CHECK(blue_load(runtime, write_file("truncated.gguf", truncated, sizeof truncated - 1)) !=
        BLUE_OK);
  CHECK(last_error_has(runtime, "truncated.gguf"));
  CHECK(blue_load(runtime, write_file("empty.gguf", "", 0)) != BLUE_OK);

  CHECK(blue_request_create("/absent/model.gguf", "x", &request) == BLUE_OK);
  CHECK(blue_generate(runtime, request, &text, NULL, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(text == NULL);
  CHECK(last_error_has(runtime, "/absent/model.gguf"));
  CHECK(blue_generate_stream_begin(runtime, request, &stream) == BLUE_OK);
  CHECK(poll_to_end(stream, streamed, sizeof streamed) == BLUE_ERROR_BAD_INPUT);
  blue_event event = BLUE_EVENT_NONE;
  CHECK(blue_stream_poll(stream, 0, &event) == BLUE_ERROR_BAD_INPUT);
  CHECK(event == BLUE_EVENT_FINISHED);
  CHECK(blue_stream_poll(stream, 0, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_stream_cancel(stream) == BLUE_OK);
  CHECK(strcmp(blue_stream_run_id(stream), "") == 0);
  CHECK(blue_stream_slot(stream, "nowhere", &text, NULL) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_stream_destroy(&stream) == BLUE_OK);
  CHECK(blue_stream_destroy(&stream) == BLUE_ERROR_BAD_INPUT);

  blue_figures figures;
  figures.size = 0;
  CHECK(blue_generate(runtime, request, &text, NULL, &figures) == BLUE_ERROR_BAD_INPUT);
  CHECK(last_error_has(runtime, "sizeof(blue_figures)"));
  CHECK(blue_request_destroy(&request) == BLUE_OK);
}

static void bad_cascades_are_refused(blue_runtime* runtime) {
  blue_stream* stream = NULL;
  CHECK(blue_run_cascade_begin(runtime, "/absent/c.toml", "task", NULL, 0, &stream) ==
        BLUE_ERROR_BAD_INPUT);
  CHECK(last_error_has(runtime, "/absent/c.toml"));
  CHECK(blue_run_cascade_begin(runtime, NULL, NULL, NULL, 0, &stream) == BLUE_ERROR_BAD_INPUT);
  CHECK(blue_run_cascade_begin(runtime, NULL, "task", NULL, 1, &stream) == BLUE_ERROR_BAD_INPUT);
  const char* broken = write_file("broken.toml", "name = \n", 8);
  CHECK(blue_run_cascade_begin(runtime, broken, "task", NULL, 0, &stream) == BLUE_ERROR_BAD_INPUT);
  CHECK(last_error_has(runtime, "broken.toml"));
  CHECK(stream == NULL);
}

static void a_stream_outlives_its_runtime(void) {
  int n_lines = 0;
  blue_runtime* runtime = start(&n_lines);
  blue_request* request = NULL;
  blue_stream* stream = NULL;
  char streamed[64];
  CHECK(blue_request_create("/absent/model.gguf", "x", &request) == BLUE_OK);
  CHECK(blue_generate_stream_begin(runtime, request, &stream) == BLUE_OK);
  CHECK(blue_destroy(&runtime) == BLUE_OK);
  CHECK(runtime == NULL);
  CHECK(blue_destroy(&runtime) == BLUE_ERROR_BAD_INPUT);
  /* It ended either by its own refusal or by the shutdown, whichever came first; but it ended. */
  const blue_status status = poll_to_end(stream, streamed, sizeof streamed);
  CHECK(status == BLUE_ERROR_BAD_INPUT || status == BLUE_ERROR_CANCELLED);
  CHECK(blue_stream_cancel(stream) == BLUE_OK);
  CHECK(blue_stream_destroy(&stream) == BLUE_OK);
  CHECK(blue_request_destroy(&request) == BLUE_OK);
}

/* ---- with a model ---- */

static void a_stream_gives_what_the_blocking_call_gives(blue_runtime* runtime, const char* model) {
  blue_request* request = NULL;
  blue_stream* stream = NULL;
  char* text = NULL;
  char streamed[4096];
  size_t length = 0;
  blue_figures figures;
  figures.size = sizeof figures;
  CHECK(blue_load(runtime, model) == BLUE_OK);
  CHECK(blue_request_create(model, "Return the largest number in xs.", &request) == BLUE_OK);
  CHECK(blue_request_set_max_tokens(request, 24) == BLUE_OK);
  CHECK(blue_generate(runtime, request, &text, &length, &figures) == BLUE_OK);
  CHECK(text != NULL && length == strlen(text) && length > 0);
  CHECK(figures.n_tokens > 0 && figures.n_tokens <= 24);
  CHECK(figures.n_prompt_tokens > 0);
  CHECK(figures.end == BLUE_END_TOKEN_BUDGET || figures.end == BLUE_END_OF_TEXT);

  CHECK(blue_generate_stream_begin(runtime, request, &stream) == BLUE_OK);
  CHECK(poll_to_end(stream, streamed, sizeof streamed) == BLUE_OK);
  CHECK(text != NULL && strcmp(streamed, text) == 0);
  CHECK(text != NULL && strcmp(blue_stream_text(stream, NULL), text) == 0);
  blue_figures again;
  again.size = offsetof(blue_figures, load_ns); /* what an older caller knew */
  again.load_ns = -7;
  CHECK(blue_stream_figures(stream, &again) == BLUE_OK);
  CHECK(again.n_tokens == figures.n_tokens);
  CHECK(again.load_ns == -7);
  CHECK(blue_stream_destroy(&stream) == BLUE_OK);
  CHECK(blue_request_destroy(&request) == BLUE_OK);
  blue_string_free(text);
}

static void a_cancelled_stream_says_so(blue_runtime* runtime, const char* model) {
  blue_request* request = NULL;
  blue_stream* stream = NULL;
  blue_event event = BLUE_EVENT_NONE;
  char rest[8192];
  CHECK(blue_request_create(model, "Return the largest number in xs.", &request) == BLUE_OK);
  CHECK(blue_request_set_max_tokens(request, 100000) == BLUE_OK);
  CHECK(blue_request_set_temperature(request, 1.0F) == BLUE_OK);
  CHECK(blue_generate_stream_begin(runtime, request, &stream) == BLUE_OK);
  while (event != BLUE_EVENT_TEXT && event != BLUE_EVENT_FINISHED)
    blue_stream_poll(stream, 1000, &event);
  CHECK(event == BLUE_EVENT_TEXT);
  CHECK(blue_cancel(runtime) == BLUE_OK);
  /* A short answer may have been whole before the order came; nothing else is an end. */
  const blue_status end = poll_to_end(stream, rest, sizeof rest);
  CHECK(end == BLUE_ERROR_CANCELLED || end == BLUE_OK);
  CHECK(blue_stream_destroy(&stream) == BLUE_OK);

  /* A stream that is destroyed while it runs leaves the runtime able to go on. */
  CHECK(blue_generate_stream_begin(runtime, request, &stream) == BLUE_OK);
  CHECK(blue_stream_destroy(&stream) == BLUE_OK);
  CHECK(blue_request_set_max_tokens(request, 2) == BLUE_OK);
  char* text = NULL;
  CHECK(blue_generate(runtime, request, &text, NULL, NULL) == BLUE_OK);
  blue_string_free(text);
  CHECK(blue_request_destroy(&request) == BLUE_OK);
}

static void a_cascade_fills_its_slots(blue_runtime* runtime, const char* model) {
  char toml[2048];
  const int n = snprintf(
      toml, sizeof toml,
      "name = \"pair\"\nslots = [\"task\", \"first\", \"second\"]\ninput = \"task\"\noutput = "
      "\"second\"\n"
      "[[stage]]\nname = \"one\"\nrole = \"thinker\"\nmodel = \"%s\"\nprompt = \"{task}\"\n"
      "reads = [\"task\"]\nwrites = \"first\"\nmax_tokens = 8\n"
      "[[stage]]\nname = \"two\"\nrole = \"coder\"\nmodel = \"/absent.gguf\"\nprompt = "
      "\"{first}\"\n"
      "reads = [\"first\"]\nwrites = \"second\"\nmax_tokens = 8\n",
      model);
  char override_model[1024];
  snprintf(override_model, sizeof override_model, "two.model=%s", model);
  const char* overrides[] = {override_model, "one.max_tokens=6"};
  const char* wrong[] = {"three.max_tokens=6"};
  const char* path = write_file("pair.toml", toml, (size_t)n);
  blue_stream* stream = NULL;
  char streamed[4096];
  char* first = NULL;
  char* second = NULL;
  CHECK(blue_run_cascade_begin(runtime, path, "A story", wrong, 1, &stream) ==
        BLUE_ERROR_BAD_INPUT);
  CHECK(blue_run_cascade_begin(runtime, path, "A story", overrides, 2, &stream) == BLUE_OK);
  CHECK(strlen(blue_stream_run_id(stream)) > 0);
  CHECK(poll_to_end(stream, streamed, sizeof streamed) == BLUE_OK);
  CHECK(blue_stream_slot(stream, "first", &first, NULL) == BLUE_OK);
  CHECK(blue_stream_slot(stream, "second", &second, NULL) == BLUE_OK);
  CHECK(second != NULL && strcmp(blue_stream_text(stream, NULL), second) == 0);
  CHECK(first != NULL && second != NULL && strlen(streamed) == strlen(first) + strlen(second));
  blue_string_free(first);
  blue_string_free(second);
  CHECK(blue_stream_destroy(&stream) == BLUE_OK);
}

static int is_readable(const char* path) { return access(path, R_OK) == 0; }

static const char* find_model(void) {
  static char path[1024];
  const char* shared = getenv("BLUE_SHARED");
  snprintf(path, sizeof path, "%s/data/models/stories260K.gguf",
           shared != NULL ? shared : "../shared");
  if (is_readable(path)) return path;
  snprintf(path, sizeof path, "assets/nano/coder.gguf");
  return is_readable(path) ? path : NULL;
}

int main(void) {
  if (mkdtemp(folder) == NULL) {
    perror("capi_test: no scratch folder");
    return 1;
  }
  versions_and_words();
  null_arguments_are_refused();
  errors_are_cut_to_the_buffer();
  impossible_requests_are_refused();
  unknown_devices_are_refused();
  a_stream_outlives_its_runtime();

  int n_lines = 0;
  blue_runtime* runtime = start(&n_lines);
  if (runtime != NULL) {
    CHECK(blue_device(runtime) != NULL && strlen(blue_device(runtime)) > 0);
    bad_models_are_refused(runtime);
    bad_cascades_are_refused(runtime);
    const char* found = find_model();
    char* model = found != NULL ? realpath(found, NULL) : NULL;
    if (model != NULL) {
      a_stream_gives_what_the_blocking_call_gives(runtime, model);
      a_cancelled_stream_says_so(runtime, model);
      a_cascade_fills_its_slots(runtime, model);
    } else {
      printf(
          "skipped: generation through the C API: neither ../shared/data nor assets/nano has a "
          "model\n");
    }
    free(model);
    CHECK(blue_destroy(&runtime) == BLUE_OK);
  }
  printf("capi_test: %d checks, %d failed\n", n_checked, n_failed);
  return n_failed == 0 ? 0 : 1;
}
