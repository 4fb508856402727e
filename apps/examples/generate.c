/* Streams an answer to standard output through the C API. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/capi/runtime.h"

static int tell(const blue_runtime* runtime, blue_status status) {
  char message[1024];
  blue_last_error(runtime, message, sizeof message);
  fprintf(stderr, "example_c_generate: %s: %s\n", blue_status_text(status), message);
  return status == BLUE_ERROR_BAD_INPUT || status == BLUE_ERROR_CORRUPT ? 2 : 1;
}

/* Prints the pieces as they come, and the figures at the end. */
static blue_status print_stream(blue_stream* stream) {
  blue_event event = BLUE_EVENT_NONE;
  blue_status status = BLUE_OK;
  while (event != BLUE_EVENT_FINISHED) {
    status = blue_stream_poll(stream, 100, &event);
    if (event == BLUE_EVENT_TEXT) {
      size_t length = 0;
      const char* text = blue_stream_text(stream, &length);
      if (fwrite(text, 1, length, stdout) != length || fflush(stdout) != 0) {
        perror("example_c_generate: standard output");
        exit(1);
      }
    } else if (event == BLUE_EVENT_NONE && status != BLUE_OK) {
      return status;
    }
  }
  blue_figures figures = {0};
  figures.size = sizeof figures;
  if (status == BLUE_OK && blue_stream_figures(stream, &figures) == BLUE_OK) {
    fprintf(stderr, "\n[%u tokens in %.1f ms]\n", (unsigned)figures.n_tokens,
            (double)figures.decode_ns / 1e6);
  }
  return status;
}

static blue_status generate(blue_runtime* runtime, const char* model, const char* prompt,
                            uint32_t n_tokens) {
  blue_request* request = NULL;
  blue_stream* stream = NULL;
  blue_status status = blue_request_create(model, prompt, &request);
  if (status == BLUE_OK) status = blue_request_set_max_tokens(request, n_tokens);
  if (status == BLUE_OK) status = blue_generate_stream_begin(runtime, request, &stream);
  if (status == BLUE_OK) status = print_stream(stream);
  if (stream != NULL) blue_stream_destroy(&stream);
  if (request != NULL) blue_request_destroy(&request);
  return status;
}

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    fprintf(stderr, "usage: example_c_generate MODEL.gguf [PROMPT] [TOKENS]\n");
    return 2;
  }
  const char* prompt = argc > 2 ? argv[2] : "";
  char* end = NULL;
  const unsigned long n_tokens = argc > 3 ? strtoul(argv[3], &end, 10) : 128;
  if ((end != NULL && *end != '\0') || n_tokens == 0 || n_tokens > 1000000) {
    fprintf(stderr, "example_c_generate: '%s' is no number of tokens from 1 to 1000000\n", argv[3]);
    return 2;
  }

  blue_runtime* runtime = NULL;
  blue_status status = blue_create(NULL, &runtime);
  if (status != BLUE_OK) return tell(NULL, status);
  status = generate(runtime, argv[1], prompt, (uint32_t)n_tokens);
  const int verdict = status == BLUE_OK ? 0 : tell(NULL, status);
  blue_destroy(&runtime);
  return verdict;
}
