// The loader's part in C: writer EMBEDDINGS VOCABULARY VECTORS offers word vectors to readers in any language.
//
// VECTORS is a text file of a word and its numbers a line, separated by blanks, as GloVe and fastText publish theirs.
// It stays the regions' owner until its input ends.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zinc.h"

// What is in the file, in this process's own memory.
struct vectors {
  float *values;
  size_t count, room;
  char *words;
  size_t length, space;
  size_t rows;
};

static void fail(const char *what, const char *why) {
  fprintf(stderr, "writer: %s: %s\n", what, why);
  exit(1);
}

static void check(int status) {
  if (status < 0) fail(zinc_error_name(status), zinc_error_message());
}

// Room for `count` items and more; what is there stays.
static void *grow(void *memory, size_t *room, size_t count, size_t size) {
  if (count <= *room) return memory;
  *room = count * 2;
  memory = realloc(memory, *room * size);
  if (memory == NULL) fail("memory", "there is too little");
  return memory;
}

static void load_line(struct vectors *vectors, char *line) {
  const size_t word = strcspn(line, " ");
  vectors->words = grow(vectors->words, &vectors->space, vectors->length + word + 1, 1);
  memcpy(vectors->words + vectors->length, line, word);
  vectors->words[vectors->length + word] = '\n';
  vectors->length += word + 1;
  vectors->rows++;

  char *at = line + word, *next;
  for (;; at = next) {
    const float value = strtof(at, &next);
    if (next == at) break;
    vectors->values = grow(vectors->values, &vectors->room, vectors->count + 1, sizeof(float));
    vectors->values[vectors->count++] = value;
  }
  if (vectors->count % vectors->rows != 0) fail(line, "not as many numbers as the words before have");
}

static struct vectors load(const char *path) {
  struct vectors vectors = {NULL, 0, 0, NULL, 0, 0, 0};
  char line[16384];
  FILE *file = fopen(path, "r");
  if (file == NULL) fail(path, "cannot be opened");
  while (fgets(line, sizeof line, file) != NULL) load_line(&vectors, line);
  fclose(file);
  if (vectors.count == 0) fail(path, "there are no numbers in it");
  return vectors;
}

int main(int count, char **arguments) {
  if (count != 4) fail("usage", "writer EMBEDDINGS VOCABULARY VECTORS");
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct vectors vectors = load(arguments[3]);

  const uint64_t shape[2] = {vectors.rows, vectors.count / vectors.rows};
  zinc_region *embeddings, *vocabulary;
  check(zinc_create_tensor(arguments[1], ZINC_DTYPE_F32, 2, shape, NULL, &embeddings));
  check(zinc_create(arguments[2], vectors.length, &vocabulary));
  memcpy(zinc_ptr(embeddings), vectors.values, vectors.count * sizeof(float));
  memcpy(zinc_ptr(vocabulary), vectors.words, vectors.length);
  check(zinc_notify(embeddings));
  printf("{\"event\": \"notified\"}\n");

  while (getchar() != EOF) continue;
  check(zinc_close(embeddings));
  check(zinc_close(vocabulary));
  free(vectors.values);
  free(vectors.words);
  return 0;
}
