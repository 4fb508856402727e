/* BlueOS from C: start a runtime, load models, generate text, run cascades. The only public header;
 * C99, also C++.
 *
 *   blue_runtime* runtime = NULL;
 *   blue_request* request = NULL;
 *   char* text = NULL;
 *   if (blue_create(NULL, &runtime) == BLUE_OK &&
 *       blue_request_create("model.gguf", "Once upon a time", &request) == BLUE_OK &&
 *       blue_generate(runtime, request, &text, NULL, NULL) == BLUE_OK) puts(text);
 *   blue_string_free(text);
 *   blue_request_destroy(&request);
 *   blue_destroy(&runtime);
 *
 * Status     Every function that can fail returns a blue_status; blue_last_error() gives the reason
 *            in one line. A null argument, a value out of range or a call in the wrong order is
 *            BLUE_ERROR_BAD_INPUT, never a crash. On failure the out-parameters are null or zero.
 * Ownership  The caller owns what *_create and *_begin return and destroys it with *_destroy, which
 *            takes the address of the handle and sets it to null; a second destroy of the same
 *            variable is BLUE_ERROR_BAD_INPUT. A copy of a destroyed handle must not be used.
 *            A string returned through `char**` is the caller's and is freed with
 *            blue_string_free(). A `const char*` is the library's; each function states how long it
 *            is valid. Arguments are copied.
 * Threads    A runtime may be used from any number of threads at once; during blue_destroy() no
 *            other call may use it. A stream is thread-safe; its calls wait for each other, except
 *            blue_stream_cancel(). Options and requests belong to one thread at a time. The log
 *            callback is the only callback.
 * Text       UTF-8, zero-terminated. Generated text may itself contain zero bytes: use the length.
 * Units      Times in nanoseconds unless the name ends in _ms; sizes in bytes; lengths of contexts
 *            and answers in tokens.
 * Growth     Handles are opaque; blue_figures begins with its size; enums may gain values, so
 *            handle unknown ones as "something else".
 */
#ifndef BLUE_RUNTIME_H
#define BLUE_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define BLUE_API __attribute__((visibility("default")))
#else
#define BLUE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum blue_status {
  BLUE_OK = 0,
  BLUE_ERROR_BAD_INPUT = 1,   /* correct the argument, file, prompt or cascade */
  BLUE_ERROR_EXHAUSTED = 2,   /* memory, disk or context is full: free some, or retry later */
  BLUE_ERROR_UNAVAILABLE = 3, /* this machine lacks it: no such device, not permitted */
  BLUE_ERROR_CORRUPT = 4,     /* stored bytes are not what was written: replace the file */
  BLUE_ERROR_CANCELLED = 5,   /* cancelled by a call, or the runtime was destroyed */
  BLUE_ERROR_FAILED = 6,      /* the operating system or a device failed */
  BLUE_ERROR_INTERNAL = 7     /* a bug in this library: destroy the runtime */
} blue_status;

typedef struct blue_options blue_options;
typedef struct blue_runtime blue_runtime;
typedef struct blue_request blue_request;
typedef struct blue_stream blue_stream;

/* ---- about the library ---- */

/* The version of this header; blue_version() returns the library's. "MAJOR.MINOR.PATCH"; static. */
#define BLUE_VERSION "0.1.0"
BLUE_API const char* blue_version(void);

/* "bad input", ...; static; "unknown status" for any other number. */
BLUE_API const char* blue_status_text(blue_status status);

/* Copies the message of the last failed call into `buffer`, cut to `capacity` bytes and always
 * zero-terminated where capacity > 0. Returns the length of the whole message without the zero
 * byte; 0 when no call has failed. `buffer` may be null when capacity is 0.
 * With a runtime: the last failure of any call on it or its streams, from any thread. With null:
 * the last failure of any call on the calling thread, blue_create included. */
BLUE_API size_t blue_last_error(const blue_runtime* runtime, char* buffer, size_t capacity);

/* Frees a string returned through `char**`. Null is allowed. */
BLUE_API void blue_string_free(char* text);

/* ---- options: how a runtime is started ---- */

typedef enum blue_log_level {
  BLUE_LOG_DEBUG = 0,
  BLUE_LOG_INFO = 1,
  BLUE_LOG_WARNING = 2,
  BLUE_LOG_ERROR = 3
} blue_log_level;

/* `line`: without newline, valid during the call. Called from the library's threads, one call at a
 * time; must not call the library. Never called after blue_destroy() has returned. */
typedef void (*blue_log_callback)(blue_log_level level, const char* line, void* user);

BLUE_API blue_status blue_options_create(blue_options** options);
/* "auto" (the default), "cpu", "reference", "cuda:0". blue_create checks it. */
BLUE_API blue_status blue_options_set_device(blue_options* options, const char* device);
/* The longest sequence, prompt and answer together, in tokens, > 0; cut to the length that a model
 * was trained for. Default 4096. */
BLUE_API blue_status blue_options_set_context(blue_options* options, uint32_t n_tokens);
/* Size of the arena on the device, bytes; 0 (the default): half of its free memory. */
BLUE_API blue_status blue_options_set_vram_budget(blue_options* options, uint64_t bytes);
/* Page-locked memory beside a GPU, bytes; 0 (the default): a quarter of the available memory. */
BLUE_API blue_status blue_options_set_ram_budget(blue_options* options, uint64_t bytes);
/* Folder of the cascades' logs. Default: $BLUE_RUNS, else blue/runs in the user's state folder. */
BLUE_API blue_status blue_options_set_runs_folder(blue_options* options, const char* path);
/* Null (the default): no log. `user` is passed to every call. */
BLUE_API blue_status blue_options_set_log(blue_options* options, blue_log_callback callback,
                                          void* user);
BLUE_API blue_status blue_options_destroy(blue_options** options);

/* ---- runtime ---- */

/* Boots the machine and starts the runtime's threads. `options` may be null (defaults) and may be
 * destroyed afterwards. Errors: UNAVAILABLE or BAD_INPUT (no such device), UNAVAILABLE (threads
 * refused), EXHAUSTED (a budget that can't be met). */
BLUE_API blue_status blue_create(const blue_options* options, blue_runtime** runtime);
/* Stops all work and every thread, within about a second. Open streams end with CANCELLED; the
 * caller still destroys them, before or after. */
BLUE_API blue_status blue_destroy(blue_runtime** runtime);
/* One line: the device and why it was chosen; valid until blue_destroy. Null for a null runtime. */
BLUE_API const char* blue_device(const blue_runtime* runtime);
/* Opens a model and begins to load its weights. Optional: generating opens a model too; loading
 * early shortens the first answer and reports a bad file at once. Errors: BAD_INPUT (absent, not a
 * model, unknown architecture), EXHAUSTED, CORRUPT. */
BLUE_API blue_status blue_load(blue_runtime* runtime, const char* model_path);
/* Releases a loaded model: its weights, its registry entry, its cached rows. Errors: BAD_INPUT (not
 * loaded, or a job uses it). */
BLUE_API blue_status blue_unload(blue_runtime* runtime, const char* model_path);
/* Cancels all work of this runtime: streams, and blue_generate calls of other threads. */
BLUE_API blue_status blue_cancel(blue_runtime* runtime);

/* ---- requests: what to generate ---- */

/* `prompt` may be empty: generation then begins with the model's start token alone.
 * Defaults: no system text, 256 tokens, greedy. */
BLUE_API blue_status blue_request_create(const char* model_path, const char* prompt,
                                         blue_request** request);
BLUE_API blue_status blue_request_set_system(blue_request* request, const char* text);
BLUE_API blue_status blue_request_set_max_tokens(blue_request* request,
                                                 uint32_t n_tokens); /* > 0 */
BLUE_API blue_status blue_request_set_temperature(blue_request* request,
                                                  float temperature); /* >= 0; 0: greedy */
BLUE_API blue_status blue_request_set_top_k(blue_request* request,
                                            int32_t top_k); /* >= 0; 0: all */
BLUE_API blue_status blue_request_set_top_p(blue_request* request,
                                            float top_p); /* in (0, 1]; 1: all */
BLUE_API blue_status blue_request_set_min_p(blue_request* request,
                                            float min_p); /* in [0, 1]; 0: all */
BLUE_API blue_status blue_request_set_seed(blue_request* request, uint64_t seed);
BLUE_API blue_status blue_request_destroy(blue_request** request);

/* ---- figures ---- */

typedef enum blue_end {
  BLUE_END_OF_TEXT = 0,      /* the model produced an end token */
  BLUE_END_TOKEN_BUDGET = 1, /* max_tokens were generated */
  BLUE_END_CONTEXT_FULL = 2  /* the context has no room for another token */
} blue_end;

/* Set `size` to sizeof(blue_figures) first: the library writes no more than that. */
typedef struct blue_figures {
  size_t size;
  uint32_t n_prompt_tokens;
  uint32_t n_tokens;               /* generated */
  int64_t load_ns;                 /* until the model was ready to run */
  int64_t prompt_ns;               /* from there to the first token */
  int64_t decode_ns;               /* from the first token to the last */
  uint64_t mean_entropy_micronats; /* per generated token */
  uint64_t n_misses;               /* blocks of weights that a step waited for */
  int32_t end;                     /* a blue_end; valid after a completed generation */
} blue_figures;

/* ---- generating ---- */

/* Generates to the end and returns the whole answer. `length` (bytes) and `figures` may be null.
 * Blocks the calling thread. Errors: those of the model's file and the prompt; CANCELLED after
 * blue_cancel or blue_destroy. */
BLUE_API blue_status blue_generate(blue_runtime* runtime, const blue_request* request, char** text,
                                   size_t* length, blue_figures* figures);

/* Begins a generation and returns at once. blue_stream_poll reports errors of model and prompt. */
BLUE_API blue_status blue_generate_stream_begin(blue_runtime* runtime, const blue_request* request,
                                                blue_stream** stream);

/* Begins a run of a cascade and returns at once. `cascade_path` null: the cascade bundled with
 * BlueOS. `overrides`: n_overrides strings such as "code.model=FILE" or "think.max_tokens=64"; null
 * is allowed when n_overrides is 0.
 * Errors: BAD_INPUT for the task, the file (naming its line) and the overrides. */
BLUE_API blue_status blue_run_cascade_begin(blue_runtime* runtime, const char* cascade_path,
                                            const char* task, const char* const* overrides,
                                            size_t n_overrides, blue_stream** stream);

typedef enum blue_event {
  BLUE_EVENT_NONE = 0,            /* no event within the timeout */
  BLUE_EVENT_TEXT = 1,            /* name: the stage, text: the next piece, whole characters */
  BLUE_EVENT_STAGE_STARTED = 2,   /* name: the stage */
  BLUE_EVENT_SLOT_WRITTEN = 3,    /* name: the slot, text: all of it, figures: its stage's */
  BLUE_EVENT_STAGE_SKIPPED = 4,   /* name: the stage, text: why */
  BLUE_EVENT_STAGE_PREEMPTED = 5, /* name: the stage, text: why */
  BLUE_EVENT_FINISHED = 6         /* text: the whole answer (a cascade's output slot) */
} blue_event;

/* Takes the next event; waits up to `timeout_ms` milliseconds for one, 0 never waits. The accessors
 * below read that event. With FINISHED the returned status is the outcome of the work: BLUE_OK,
 * BLUE_ERROR_CANCELLED, or the error (text then holds what was generated before it). Every later
 * poll returns the same.
 * Errors with any other event: BAD_INPUT for null arguments. */
BLUE_API blue_status blue_stream_poll(blue_stream* stream, uint32_t timeout_ms, blue_event* event);
/* Of the last event; valid until the next poll or destroy. "" where the event has none; null for a
 * null stream. `length`, in bytes, may be null. */
BLUE_API const char* blue_stream_text(const blue_stream* stream, size_t* length);
BLUE_API const char* blue_stream_name(const blue_stream* stream);
/* Of the last event: all zero except for SLOT_WRITTEN and a generation's FINISHED. */
BLUE_API blue_status blue_stream_figures(const blue_stream* stream, blue_figures* figures);
/* Copies a cascade's slot; `length`, in bytes, may be null. Errors: BAD_INPUT unless a poll has
 * returned SLOT_WRITTEN for it. */
BLUE_API blue_status blue_stream_slot(const blue_stream* stream, const char* slot, char** text,
                                      size_t* length);
/* A cascade's id on disk ("blue resume ID"); "" for a generation; null for a null stream. Valid
 * until destroy. */
BLUE_API const char* blue_stream_run_id(const blue_stream* stream);
/* Stops the work at its next step; blue_stream_poll then returns FINISHED. No effect after the end.
 * Any thread. */
BLUE_API blue_status blue_stream_cancel(blue_stream* stream);
/* Cancels the work if it still runs, and frees the stream. */
BLUE_API blue_status blue_stream_destroy(blue_stream** stream);

#ifdef __cplusplus
}
#endif

#endif /* BLUE_RUNTIME_H */
