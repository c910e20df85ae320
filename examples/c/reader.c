// A server that answers nearest-word questions straight from the pages that the loader filled: reader EMBEDDINGS
// VOCABULARY. `examples/README.md` describes the lines it prints.
//
// It does the whole job with the eight frozen functions of zinc.h. Those know nothing of tensors, so it works the
// table's shape out: there are as many rows as words.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "zinc.h"

enum { PATIENCE_MS = 60000, RETRY_MS = 10, NEAREST = 5 };

// Borrowed rows, a word for each (none ends with a NUL), and the length of each row.
struct table {
  const float *values;
  size_t rows, columns;
  const char **words;
  size_t *word_lengths;
  double *norms;
};

static void fail(const char *what, int code) {
  fprintf(stderr, "reader: %s: code %d (enum zinc_error in zinc.h)\n", what, code);
  exit(1);
}

static void refuse(const char *what, const char *why) {
  fprintf(stderr, "reader: %s: %s\n", what, why);
  exit(1);
}

static uint64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// Readers may be started first. zinc_open_with would wait for the region to appear; zinc_open has to be asked again.
static zinc_region *open_patiently(const char *name) {
  const struct timespec pause = {0, RETRY_MS * 1000000};
  const uint64_t deadline = monotonic_ns() + (uint64_t)PATIENCE_MS * 1000000;
  zinc_region *region;
  int status;
  while ((status = zinc_open(name, &region)) == ZINC_ERROR_NOT_FOUND && monotonic_ns() < deadline) {
    nanosleep(&pause, NULL);
  }
  if (status < 0) fail(name, status);
  return region;
}

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL) refuse("memory", "there is too little");
  return memory;
}

// In double precision, so that every language's reader finds the same order.
static double dot(const float *a, const float *b, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)a[i] * b[i];
  return sum;
}

static struct table read_table(const zinc_region *embeddings, const zinc_region *vocabulary) {
  const char *text = zinc_ptr(vocabulary);
  const char *const end = text + zinc_capacity(vocabulary);
  struct table table = {zinc_ptr(embeddings), 0, 0, NULL, NULL, NULL};
  for (const char *at = text; at < end; at++) table.rows += *at == '\n';
  const size_t values = zinc_capacity(embeddings) / sizeof(float);
  if (table.rows == 0 || values % table.rows != 0) refuse("embeddings", "not as many rows as words");
  table.columns = values / table.rows;

  table.words = allocate(table.rows, sizeof *table.words);
  table.word_lengths = allocate(table.rows, sizeof *table.word_lengths);
  table.norms = allocate(table.rows, sizeof *table.norms);
  for (size_t row = 0; row < table.rows; row++) {
    const char *line_end = memchr(text, '\n', (size_t)(end - text));
    const float *values_of_row = table.values + row * table.columns;
    table.words[row] = text;
    table.word_lengths[row] = (size_t)(line_end - text);
    table.norms[row] = sqrt(dot(values_of_row, values_of_row, table.columns));
    text = line_end + 1;
  }
  return table;
}

static void print_json_text(const char *text, size_t length) {
  putchar('"');
  for (size_t i = 0; i < length; i++) {
    const unsigned char byte = (unsigned char)text[i];
    if (byte == '"' || byte == '\\') {
      printf("\\%c", byte);
    } else if (byte < 0x20) {
      printf("\\u%04x", byte);
    } else {
      putchar(byte);
    }
  }
  putchar('"');
}

static void answer(const struct table *table, const char *word, size_t length) {
  size_t own = 0, nearest[NEAREST], found = 0;
  double cosines[NEAREST];
  while (own < table->rows && (table->word_lengths[own] != length || memcmp(table->words[own], word, length) != 0)) {
    own++;
  }
  if (own == table->rows) refuse(word, "not in the vocabulary");
  for (size_t row = 0; row < table->rows; row++) {
    const char first = table->words[row][0];
    if (row == own || first == '[' || first == '#') continue;
    const double product =
        dot(table->values + row * table->columns, table->values + own * table->columns, table->columns);
    const double cosine = product / (table->norms[row] * table->norms[own]);
    size_t place = found < NEAREST ? found++ : NEAREST;
    // What is equal stays in the order of the rows.
    while (place > 0 && cosine > cosines[place - 1]) {
      if (place < NEAREST) {
        cosines[place] = cosines[place - 1];
        nearest[place] = nearest[place - 1];
      }
      place--;
    }
    if (place < NEAREST) {
      cosines[place] = cosine;
      nearest[place] = row;
    }
  }

  printf("{\"event\": \"answer\", \"word\": ");
  print_json_text(word, length);
  printf(", \"nearest\": [");
  for (size_t i = 0; i < found; i++) {
    printf("%s{\"word\": ", i > 0 ? ", " : "");
    print_json_text(table->words[nearest[i]], table->word_lengths[nearest[i]]);
    printf(", \"cosine\": %.17g}", cosines[i]);
  }
  printf("]}\n");
}

int main(int count, char **arguments) {
  if (count != 3) refuse("usage", "reader EMBEDDINGS VOCABULARY");
  setvbuf(stdout, NULL, _IOLBF, 0);
  zinc_region *embeddings = open_patiently(arguments[1]);
  zinc_region *vocabulary = open_patiently(arguments[2]);
  printf("{\"event\": \"ready\"}\n");

  const int notified = zinc_wait(embeddings, PATIENCE_MS);
  if (notified < 0) fail(arguments[1], notified);
  if (notified == 0) refuse(arguments[1], "nobody notified in time");
  (void)*(const volatile unsigned char *)zinc_ptr(embeddings);
  const uint64_t first_byte = monotonic_ns();
  const struct table table = read_table(embeddings, vocabulary);
  printf("{\"event\": \"timing\", \"first_byte\": %llu, \"all_read\": %llu}\n", (unsigned long long)first_byte,
         (unsigned long long)monotonic_ns());

  char word[256];
  while (fgets(word, sizeof word, stdin) != NULL) answer(&table, word, strcspn(word, "\r\n"));
  free(table.words);
  free(table.word_lengths);
  free(table.norms);
  zinc_close(embeddings);
  zinc_close(vocabulary);
  return 0;
}
