/* BlueOS from C: start a runtime, load models, generate text, run cascades. The only public header; C99; also C++.
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
 * Status     Every function that can fail returns a blue_status; blue_last_error() says in one line what and why. A null
 *            argument, an impossible value or a call in the wrong order is BLUE_ERROR_BAD_INPUT, never a crash. Where a
 *            function fails, what its out-parameters point to is null or zero.
 * Ownership  What a *_create or *_begin gave, its *_destroy ends, through the address of the handle, which it sets to null:
 *            a second destroy of the same variable is BLUE_ERROR_BAD_INPUT. The caller keeps no copies of a dead handle.
 *            Strings come in two sorts: `char**` is the caller's, to be given to blue_string_free(); `const char*` is the
 *            library's, valid for as long as its function says. What goes in is copied.
 * Threads    A runtime may be used from any number of threads at once, but for blue_destroy(), during which no other call
 *            may have that runtime. A stream is safe too, but its calls wait for each other, blue_stream_cancel() excepted.
 *            Options and requests belong to one thread at a time. Nothing is called back but the log.
 * Text       UTF-8, ending in a zero byte. Generated text may hold zero bytes itself: where that matters, take the length.
 * Units      Times in nanoseconds unless a name says _ms; sizes in bytes; lengths of contexts and answers in tokens.
 * Growth     Handles are opaque; blue_figures begins with its size; enums may gain values, so treat unknown ones as
 *            "something else" and go on.
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
  BLUE_ERROR_BAD_INPUT = 1, /* an argument, file, prompt or cascade is to be mended */
  BLUE_ERROR_EXHAUSTED =
      2, /* memory, disk or context is full: free or grant some, or try again later */
  BLUE_ERROR_UNAVAILABLE = 3, /* this machine lacks it: no such device, not permitted */
  BLUE_ERROR_CORRUPT = 4,     /* stored bytes are not what was written: replace the file */
  BLUE_ERROR_CANCELLED = 5,   /* somebody asked for it, or the runtime is gone */
  BLUE_ERROR_FAILED = 6,      /* the operating system or a device refused what should work */
  BLUE_ERROR_INTERNAL = 7     /* a bug in this library; the runtime should be destroyed */
} blue_status;

typedef struct blue_options blue_options;
typedef struct blue_runtime blue_runtime;
typedef struct blue_request blue_request;
typedef struct blue_stream blue_stream;

/* ---- about the library ---- */

/* What this header belongs to; blue_version() is what the library is. "MAJOR.MINOR.PATCH"; static. */
#define BLUE_VERSION "0.1.0"
BLUE_API const char* blue_version(void);

/* "bad input", ...; static; "unknown status" for a number that is none. */
BLUE_API const char* blue_status_text(blue_status status);

/* Copies the message of the last call that failed into `buffer` (cut to `capacity`, always ended by a zero byte where
 * capacity > 0), and returns the message's whole length without that byte; 0 when nothing has failed.
 * With a runtime: the last failure of any call on it or its streams, by whichever thread. With NULL: the last failure of
 * this thread, of any call at all; so blue_create's too. `buffer` may be null when capacity is 0. */
BLUE_API size_t blue_last_error(const blue_runtime* runtime, char* buffer, size_t capacity);

/* Frees a string that came out through `char**`. Null is allowed. */
BLUE_API void blue_string_free(char* text);

/* ---- options: how a runtime is started ---- */

typedef enum blue_log_level {
  BLUE_LOG_DEBUG = 0,
  BLUE_LOG_INFO = 1,
  BLUE_LOG_WARNING = 2,
  BLUE_LOG_ERROR = 3
} blue_log_level;

/* One line, without newline, valid during the call. Called from the library's threads, one call at a time; must not call
 * back into the library. Never called once blue_destroy() has returned. */
typedef void (*blue_log_callback)(blue_log_level level, const char* line, void* user);

BLUE_API blue_status blue_options_create(blue_options** options);
/* "auto" (the default), "cpu", "reference", "cuda:0". Checked by blue_create. */
BLUE_API blue_status blue_options_set_device(blue_options* options, const char* device);
/* The longest sequence, prompt and answer together, tokens > 0; cut to what a model was trained for. Default 4096. */
BLUE_API blue_status blue_options_set_context(blue_options* options, uint32_t n_tokens);
/* The arena on the device, bytes; 0 (the default): half of what the device has free. */
BLUE_API blue_status blue_options_set_vram_budget(blue_options* options, uint64_t bytes);
/* Page-locked memory beside a GPU, bytes; 0 (the default): a quarter of what is available. */
BLUE_API blue_status blue_options_set_ram_budget(blue_options* options, uint64_t bytes);
/* Where the logs of cascades lie. Default: the user's state folder. */
BLUE_API blue_status blue_options_set_runs_folder(blue_options* options, const char* path);
/* Null: silence (the default). `user` is handed through. */
BLUE_API blue_status blue_options_set_log(blue_options* options, blue_log_callback callback,
                                          void* user);
BLUE_API blue_status blue_options_destroy(blue_options** options);

/* ---- runtime ---- */

/* Boots the devices and starts the actors. `options` may be null and may be destroyed afterwards.
 * Errors: UNAVAILABLE or BAD_INPUT (no such device), EXHAUSTED (a budget that can't be met). */
BLUE_API blue_status blue_create(const blue_options* options, blue_runtime** runtime);
/* Stops all work and every thread, within about a second. Streams that are still open end with CANCELLED and are
 * destroyed by the caller as usual, before or after. */
BLUE_API blue_status blue_destroy(blue_runtime** runtime);
/* One line: the device and why it was chosen; valid until blue_destroy. Null for null. */
BLUE_API const char* blue_device(const blue_runtime* runtime);
/* Opens a model and begins to bring it near. Not needed before generating: it makes the first answer come sooner, and it
 * says early what is wrong with a file. Errors: BAD_INPUT (absent, no model, unknown architecture), CORRUPT. */
BLUE_API blue_status blue_load(blue_runtime* runtime, const char* model_path);
/* Forgets a model that was loaded: its blocks, its entry, its cached rows. Errors: BAD_INPUT (not loaded, or work under
 * way uses it). */
BLUE_API blue_status blue_unload(blue_runtime* runtime, const char* model_path);
/* Cancels everything under way on this runtime: streams, and blue_generate calls of other threads. */
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
  BLUE_END_OF_TEXT = 0,      /* the model said that it is done */
  BLUE_END_TOKEN_BUDGET = 1, /* max_tokens were given */
  BLUE_END_CONTEXT_FULL = 2
} blue_end;

/* Set `size` to sizeof(blue_figures) first: the library fills no more than that. */
typedef struct blue_figures {
  size_t size;
  uint32_t n_prompt_tokens;
  uint32_t n_tokens;               /* generated */
  int64_t load_ns;                 /* until the model could run */
  int64_t prompt_ns;               /* from there to the first token */
  int64_t decode_ns;               /* from the first token to the last */
  uint64_t mean_entropy_micronats; /* per generated token */
  uint64_t n_misses;               /* blocks of weights that had to be waited for */
  int32_t end;                     /* a blue_end; meaningful when a generation has completed */
} blue_figures;

/* ---- generating ---- */

/* Generates to the end and gives the whole answer. `length` (bytes) and `figures` may be null.
 * Errors: those of the model's file and the prompt; CANCELLED through blue_cancel or blue_destroy. */
BLUE_API blue_status blue_generate(blue_runtime* runtime, const blue_request* request, char** text,
                                   size_t* length, blue_figures* figures);

/* Begins a generation and returns at once. What the model or the prompt is refused for comes from blue_stream_poll. */
BLUE_API blue_status blue_generate_stream_begin(blue_runtime* runtime, const blue_request* request,
                                                blue_stream** stream);

/* Begins a run of a cascade and returns at once. `cascade_path` null: the cascade that comes with BlueOS.
 * `overrides`: n_overrides strings such as "code.model=FILE" or "think.max_tokens=64"; may be null when there are none.
 * Errors: BAD_INPUT for the file (with its line) and the overrides. */
BLUE_API blue_status blue_run_cascade_begin(blue_runtime* runtime, const char* cascade_path,
                                            const char* task, const char* const* overrides,
                                            size_t n_overrides, blue_stream** stream);

typedef enum blue_event {
  BLUE_EVENT_NONE = 0,          /* nothing has happened since */
  BLUE_EVENT_TEXT = 1,          /* text: what became whole since the last piece; name: the stage */
  BLUE_EVENT_STAGE_STARTED = 2, /* name: the stage */
  BLUE_EVENT_SLOT_WRITTEN =
      3, /* name: the slot, text: all of it, figures: of the stage that wrote it */
  BLUE_EVENT_STAGE_SKIPPED = 4,   /* name: the stage, text: why */
  BLUE_EVENT_STAGE_PREEMPTED = 5, /* name: the stage, text: why */
  BLUE_EVENT_FINISHED = 6         /* text: the whole answer (a cascade's output slot) */
} blue_event;

/* Takes the next event, waiting for it up to `timeout_ms` milliseconds; 0 never waits. blue_stream_text and its kin then
 * speak of that event. With FINISHED the status says how the work ended: BLUE_OK, BLUE_ERROR_CANCELLED, or what went wrong
 * (text then holds what there was). After the end every poll says the same again.
 * Errors with any other event: BAD_INPUT for null arguments alone. */
BLUE_API blue_status blue_stream_poll(blue_stream* stream, uint32_t timeout_ms, blue_event* event);
/* Of the last event; valid until the next poll or destroy. "" where there is none; null for a null stream. `length`, in
 * bytes, may be null. */
BLUE_API const char* blue_stream_text(const blue_stream* stream, size_t* length);
BLUE_API const char* blue_stream_name(const blue_stream* stream);
/* Of the last event: all zero but for SLOT_WRITTEN and a generation's FINISHED. */
BLUE_API blue_status blue_stream_figures(const blue_stream* stream, blue_figures* figures);
/* A copy of a cascade's slot. Errors: BAD_INPUT unless a poll has given SLOT_WRITTEN for it. */
BLUE_API blue_status blue_stream_slot(const blue_stream* stream, const char* slot, char** text,
                                      size_t* length);
/* A cascade's id on disk ("blue resume ID"); "" for a generation; valid until destroy. Null for null. */
BLUE_API const char* blue_stream_run_id(const blue_stream* stream);
/* Stops the work at its next step; the end then comes from blue_stream_poll. No effect after the end. Any thread. */
BLUE_API blue_status blue_stream_cancel(blue_stream* stream);
/* Cancels what still runs, and frees the stream. */
BLUE_API blue_status blue_stream_destroy(blue_stream** stream);

#ifdef __cplusplus
}
#endif

#endif /* BLUE_RUNTIME_H */
