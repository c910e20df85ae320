// Whatever is wrong with an argument is an error code with a message, and never a crash.

#include <errno.h>
#include <limits.h>

#include "check.h"

// The call fails with that code, and its message says what is the matter.
#define CHECK_SAYS(call, code, words) \
  do { \
    CHECK_CODE(call, code); \
    CHECK(strstr(zinc_error_message(), words) != NULL); \
  } while (0)

#define CHECK_NULL(call, argument) \
  do { \
    CHECK_SAYS(call, ZINC_ERROR_INVALID_ARGUMENT, "the argument " argument " is null"); \
    CHECK(zinc_error_os() == EINVAL); \
  } while (0)

// Calls every function that takes a region's handle, with good other arguments: each must say what is wrong with it.
static void check_handle(zinc_region *handle, int code) {
  zinc_region *region = handle;
  zinc_view *view = NULL;
  zinc_descriptor descriptor;
  zinc_region_info info;
  uint64_t number;
  const uint64_t shape[1] = {1};
  info.size = sizeof info;

  CHECK_CODE(zinc_unlink(handle), code);
  CHECK_CODE(zinc_notify(handle), code);
  CHECK_CODE(zinc_wait(handle, 0), code);
  CHECK_CODE(zinc_wait(handle, -1), code);
  CHECK_CODE(zinc_wait_ns(handle, INT64_MAX), code);
  CHECK_CODE(zinc_wait_past(handle, 0, -1, &number), code);
  CHECK_CODE(zinc_sequence(handle, &number), code);
  CHECK_CODE(zinc_interrupt(handle), code);
  CHECK_CODE(zinc_info(handle, &info), code);
  CHECK(zinc_is_open(handle) == 0);
  CHECK_CODE(zinc_is_owner(handle), code);
  CHECK_CODE(zinc_is_read_only(handle), code);
  CHECK_CODE(zinc_clone(handle, &region), code);
  CHECK(region == NULL);
  CHECK_CODE(zinc_persist(handle), code);
  CHECK_CODE(zinc_link(handle), code);
  CHECK_CODE(zinc_is_named(handle), code);
  CHECK_CODE(zinc_describe(handle, ZINC_DTYPE_U8, 1, shape), code);
  CHECK_CODE(zinc_get_descriptor(handle, &descriptor), code);
  CHECK_CODE(zinc_tensor(handle, ZINC_DTYPE_U8, &descriptor, &view), code);
  CHECK_CODE(zinc_view_retain(handle, &view), code);
  CHECK(view == NULL);
  CHECK(zinc_ptr(handle) == NULL);
  CHECK(zinc_error_code() == code);
  CHECK(zinc_capacity(handle) == 0);
  CHECK(zinc_name(handle) == NULL);
  CHECK(zinc_close(handle) == 0);
}

static void null_is_a_wrong_argument_and_no_handle(void) {
  check_handle(NULL, ZINC_ERROR_INVALID_ARGUMENT);
  CHECK_NULL(zinc_notify(NULL), "region");
  CHECK_NULL(zinc_view_is_read_only(NULL), "view");
  CHECK_NULL(zinc_wait_cancel(NULL), "wait");
  CHECK_NULL(zinc_open_cancel(NULL), "open");
}

static void check_not_open(zinc_region *handle) { check_handle(handle, ZINC_ERROR_CLOSED); }

static void a_closed_handle_is_not_open_for_ever(void) {
  zinc_region *closed = created("a", 1);
  CHECK(zinc_close(closed) == 0);
  check_not_open(closed);
  CHECK_CODE(zinc_notify(closed), ZINC_ERROR_CLOSED);
  CHECK(strncmp(zinc_error_message(), "notify \"a\": ", 12) == 0);
  // Its place is taken by others, which it must not be mistaken for.
  for (int i = 0; i < 200; i++) {
    zinc_region *other = created("a", 1);
    CHECK(other != closed);
    check_not_open(closed);
    CHECK(zinc_capacity(other) == 1);
    CHECK(zinc_close(other) == 0);
  }
}

static void any_other_value_is_not_an_open_handle(void) {
  zinc_region *live = created("a", 1);
  int local = 7;
  void *heap = malloc(64);
  CHECK(heap != NULL);
  memset(heap, 0x55, 64);
  check_not_open((zinc_region *)&local);
  check_not_open((zinc_region *)heap);
  check_not_open((zinc_region *)(void *)"text");
  for (unsigned bit = 0; bit < sizeof(void *) * CHAR_BIT; bit++) {
    const uintptr_t power = (uintptr_t)1 << bit;
    check_not_open((zinc_region *)((uintptr_t)live ^ power));
    check_not_open((zinc_region *)power);
    check_not_open((zinc_region *)~power);
  }
  for (intptr_t near = -300; near < 300; near++) {
    if (near != 0 && (uintptr_t)near != (uintptr_t)live) check_not_open((zinc_region *)near);
  }
  free(heap);
  CHECK(zinc_close(live) == 0);
}

static void a_view_or_a_listing_that_is_not_there_is_told(void) {
  zinc_region *region = created("a", 8);
  zinc_view *view = NULL;
  zinc_listing *listing = NULL;
  zinc_region_info info;
  size_t count = 0;
  info.size = sizeof info;
  CHECK(zinc_view_retain(region, &view) == 0);
  CHECK(zinc_list(NULL, &listing, &count) == 0);
  CHECK(count == 1);
  CHECK(zinc_listing_get(listing, 1, &info) == 0);
  CHECK(zinc_listing_get(listing, SIZE_MAX, &info) == 0);
  info.size = 3;
  CHECK_SAYS(zinc_listing_get(listing, 0, &info), ZINC_ERROR_INVALID_ARGUMENT, "size of out is 3");
  CHECK_CODE(zinc_listing_get(listing, 0, NULL), ZINC_ERROR_INVALID_ARGUMENT);
  info.size = sizeof info;
  for (int i = 0; i < 2; i++) {
    CHECK(zinc_view_release(view) == 0);
    CHECK(zinc_listing_free(listing) == 0);
  }
  zinc_view *views[] = {NULL, view, (zinc_view *)&count, (zinc_view *)(uintptr_t)-1};
  for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
    CHECK(zinc_view_ptr(views[i]) == NULL);
    CHECK(zinc_view_size(views[i]) == 0);
    CHECK_CODE(zinc_view_is_read_only(views[i]), i == 0 ? ZINC_ERROR_INVALID_ARGUMENT : ZINC_ERROR_CLOSED);
    CHECK(zinc_view_retire(views[i]) == 0);
    CHECK(zinc_view_release(views[i]) == 0);
  }
  zinc_listing *listings[] = {NULL, listing, (zinc_listing *)&count, (zinc_listing *)(uintptr_t)-1};
  for (size_t i = 0; i < sizeof listings / sizeof *listings; i++) {
    CHECK_CODE(zinc_listing_get(listings[i], 0, &info), i == 0 ? ZINC_ERROR_INVALID_ARGUMENT : ZINC_ERROR_CLOSED);
    CHECK(zinc_listing_free(listings[i]) == 0);
  }
  CHECK(zinc_close(region) == 0);
}

// Calls everything that takes a name.
static void check_name(const char *name, int code) {
  zinc_region *out = (zinc_region *)&code;
  const uint64_t shape[1] = {1};
  CHECK_CODE(zinc_create(name, 1, &out), code);
  CHECK(out == NULL);
  CHECK_CODE(zinc_open(name, &out), code);
  CHECK_CODE(zinc_create_with(name, 1, NULL, &out), code);
  CHECK_CODE(zinc_open_with(name, NULL, &out), code);
  CHECK_CODE(zinc_open_or_create_with(name, 1, NULL, &out), code);
  CHECK_CODE(zinc_create_tensor(name, ZINC_DTYPE_U8, 1, shape, NULL, &out), code);
  CHECK_CODE(zinc_remove(name, NULL), code);
}

static void a_bad_name_is_refused(void) {
  char long_name[130];
  memset(long_name, 'x', sizeof long_name);
  long_name[129] = '\0';
  char *longer = malloc(1 << 20);
  CHECK(longer != NULL);
  memset(longer, 'x', 1 << 20);
  longer[(1 << 20) - 1] = '\0';
  check_name(NULL, ZINC_ERROR_INVALID_ARGUMENT);
  zinc_region *out = NULL;
  CHECK_NULL(zinc_open(NULL, &out), "name");
  CHECK_NULL(zinc_remove(NULL, NULL), "name");
  const char *bad[] = {"",     ".",        "..",       ".hidden", "a/b",     "../a", "a b",
                       "a\n", "\x7f", "\xff\xfe", "\xc3\xa9", "a%n",     long_name, longer};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) check_name(bad[i], ZINC_ERROR_INVALID_NAME);
  free(longer);
  long_name[128] = '\0';
  zinc_region *region = created(long_name, 1);
  CHECK(strcmp(zinc_name(region), long_name) == 0);
  CHECK(zinc_close(region) == 0);
}

static void a_size_that_cannot_be_is_refused(void) {
  zinc_region *out = NULL;
  CHECK_CODE(zinc_create("a", 0, &out), ZINC_ERROR_INVALID_SIZE);
  CHECK_CODE(zinc_create("a", SIZE_MAX, &out), ZINC_ERROR_INVALID_SIZE);
  CHECK_CODE(zinc_create("a", SIZE_MAX - 4096, &out), ZINC_ERROR_INVALID_SIZE);
  CHECK_CODE(zinc_create("a", SIZE_MAX / 2, &out), ZINC_ERROR_INVALID_SIZE);
  CHECK_CODE(zinc_open_or_create_with("a", 0, NULL, &out), ZINC_ERROR_INVALID_SIZE);

  // More than any machine has, but not more than a number can say.
  uint64_t needed = 0, available = 0;
  CHECK_CODE(zinc_create("a", (size_t)1 << 46, &out), ZINC_ERROR_NO_SPACE);
  CHECK(zinc_error_space(&needed, &available) == 1);
  CHECK(needed > (uint64_t)1 << 46);
  CHECK(available > 0 && available < needed);
  CHECK(zinc_error_space(NULL, NULL) == 1);
  CHECK(out == NULL);

  CHECK_CODE(zinc_open("a", &out), ZINC_ERROR_NOT_FOUND);
  CHECK(zinc_error_space(&needed, &available) == 0);
  CHECK(needed == 0 && available == 0);

  zinc_region *small = created("a", 10);
  CHECK_CODE(zinc_open_or_create_with("a", 11, NULL, &out), ZINC_ERROR_INVALID_SIZE);
  CHECK(zinc_close(small) == 0);
}

static void a_null_where_a_result_should_go_is_told(void) {
  const uint64_t shape[1] = {1};
  zinc_region *region = created("a", 8);
  zinc_region *out = NULL;
  zinc_descriptor descriptor;
  zinc_view *view = NULL;
  zinc_listing *listing = NULL;
  size_t count = 0;
  const char *const b = "b";
  CHECK_NULL(zinc_create(b, 1, NULL), "out");
  CHECK_NULL(zinc_open("a", NULL), "out");
  CHECK_NULL(zinc_create_with(b, 1, NULL, NULL), "out");
  CHECK_NULL(zinc_open_with("a", NULL, NULL), "out");
  CHECK_NULL(zinc_open_or_create_with("a", 1, NULL, NULL), "out");
  CHECK_NULL(zinc_create_tensor(b, ZINC_DTYPE_U8, 1, shape, NULL, NULL), "out");
  CHECK_NULL(zinc_create_tensor(b, ZINC_DTYPE_U8, 1, NULL, NULL, &out), "shape");
  CHECK_NULL(zinc_describe(region, ZINC_DTYPE_U8, 1, NULL), "shape");
  CHECK_NULL(zinc_clone(region, NULL), "out");
  CHECK_NULL(zinc_sequence(region, NULL), "out");
  CHECK_NULL(zinc_get_descriptor(region, NULL), "out");
  CHECK_NULL(zinc_tensor(region, ZINC_DTYPE_U8, NULL, &view), "descriptor");
  CHECK_NULL(zinc_tensor(region, ZINC_DTYPE_U8, &descriptor, NULL), "view");
  CHECK_NULL(zinc_view_retain(region, NULL), "out");
  CHECK_NULL(zinc_info(region, NULL), "out");
  CHECK_NULL(zinc_list(NULL, NULL, &count), "out");
  CHECK_NULL(zinc_list(NULL, &listing, NULL), "count");
  CHECK_NULL(zinc_options_init(NULL, sizeof(zinc_options)), "options");
  CHECK_NULL(zinc_wait_async(region, 0, NULL, NULL, NULL), "callback");
  CHECK_NULL(zinc_open_async("a", NULL, NULL, NULL, NULL), "callback");
  // Nothing was created on the way.
  CHECK(zinc_open("b", &out) == ZINC_ERROR_NOT_FOUND);
  CHECK(zinc_wait_past(region, 0, 0, NULL) == 0);
  CHECK(zinc_dtype_from_name(NULL) == 0);
  CHECK(zinc_close(region) == 0);
}

static void options_that_this_release_does_not_know_are_refused(void) {
  zinc_region *out = NULL;
  zinc_options options;
  struct {
    zinc_options known;
    uint64_t unknown;
  } newer;
  const size_t first = offsetof(zinc_options, directory) + sizeof options.directory;
  const size_t sizes[] = {0, 1, sizeof(size_t), first - 1, 4097, SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    CHECK_CODE(zinc_options_init(&options, sizes[i]), ZINC_ERROR_INVALID_ARGUMENT);
    memset(&options, 0, sizeof options);
    options.size = sizes[i];
    CHECK_CODE(zinc_create_with("a", 1, &options, &out), ZINC_ERROR_INVALID_ARGUMENT);
    CHECK_CODE(zinc_open_with("a", &options, &out), ZINC_ERROR_INVALID_ARGUMENT);
    CHECK_CODE(zinc_remove("a", &options), ZINC_ERROR_INVALID_ARGUMENT);
  }
  CHECK(zinc_options_init(&options, sizeof options) == 0);
  options.flags = 1u << 31;
  CHECK_CODE(zinc_create_with("a", 1, &options, &out), ZINC_ERROR_INVALID_ARGUMENT);
  CHECK(zinc_options_init(&options, sizeof options) == 0);
  options.reserved = 1;
  CHECK_CODE(zinc_create_with("a", 1, &options, &out), ZINC_ERROR_INVALID_ARGUMENT);

  // A newer caller's struct is fine, as long as it asks for nothing new.
  CHECK(zinc_options_init(&newer.known, sizeof newer) == 0);
  CHECK(newer.known.size == sizeof newer && newer.unknown == 0);
  CHECK(zinc_create_with("a", 1, &newer.known, &out) == 0);
  CHECK(zinc_close(out) == 0);
  newer.unknown = 1;
  CHECK_CODE(zinc_create_with("a", 1, &newer.known, &out), ZINC_ERROR_INVALID_ARGUMENT);
  CHECK(out == NULL);

  CHECK(zinc_options_init(&options, sizeof options) == 0);
  options.directory = "/nonexistent/zinc";
  CHECK_CODE(zinc_create_with("a", 1, &options, &out), ZINC_ERROR_NOT_FOUND);
  zinc_listing *listing = NULL;
  size_t count = 1;
  CHECK_CODE(zinc_list(&options, &listing, &count), ZINC_ERROR_NOT_FOUND);
  CHECK(listing == NULL && count == 0);
}

static void info_wants_to_know_the_callers_size(void) {
  zinc_region *region = created("a", 8);
  struct {
    zinc_region_info known;
    uint64_t unknown;
  } newer;
  zinc_region_info info;
  memset(&info, 0, sizeof info);
  CHECK_CODE(zinc_info(region, &info), ZINC_ERROR_INVALID_ARGUMENT);
  info.size = SIZE_MAX;
  CHECK_CODE(zinc_info(region, &info), ZINC_ERROR_INVALID_ARGUMENT);
  memset(&newer, 0xff, sizeof newer);
  newer.known.size = sizeof newer;
  CHECK(zinc_info(region, &newer.known) == 0);
  CHECK(newer.known.size == sizeof newer && newer.known.capacity == 8 && newer.unknown == 0);
  CHECK(zinc_close(region) == 0);
}

static void only_the_owner_may_do_what_is_the_owners(void) {
  const uint64_t shape[1] = {1};
  zinc_region *owner = created("a", 8);
  zinc_region *peers[2] = {opened("a"), NULL};
  CHECK(zinc_clone(owner, &peers[1]) == 0);
  CHECK(zinc_is_open(owner) == 1 && zinc_is_owner(owner) == 1);
  for (int i = 0; i < 2; i++) {
    CHECK(zinc_is_owner(peers[i]) == 0);
    CHECK_CODE(zinc_unlink(peers[i]), ZINC_ERROR_PERMISSION_DENIED);
    CHECK_CODE(zinc_persist(peers[i]), ZINC_ERROR_PERMISSION_DENIED);
    CHECK_CODE(zinc_describe(peers[i], ZINC_DTYPE_U8, 1, shape), ZINC_ERROR_PERMISSION_DENIED);
    CHECK(zinc_close(peers[i]) == 0);
  }
  CHECK_CODE(zinc_remove("a", NULL), ZINC_ERROR_PERMISSION_DENIED);
  CHECK(zinc_close(owner) == 0);
}

static void a_description_that_cannot_be_is_refused(void) {
  zinc_region *owner = created("a", 64);
  zinc_region *out = NULL;
  zinc_view *view = NULL;
  zinc_descriptor descriptor;
  const uint64_t ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  const uint64_t huge[2] = {UINT64_MAX, 2};
  const uint64_t nine = 9;
  const uint32_t unknown[] = {0, 16, 255, UINT32_MAX};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    CHECK_SAYS(zinc_describe(owner, unknown[i], 1, ones), ZINC_ERROR_INVALID_ARGUMENT, "the argument dtype is");
    CHECK_CODE(zinc_create_tensor("b", unknown[i], 1, ones, NULL, &out), ZINC_ERROR_INVALID_ARGUMENT);
    CHECK_CODE(zinc_tensor(owner, unknown[i], &descriptor, &view), ZINC_ERROR_INVALID_ARGUMENT);
    CHECK(zinc_dtype_name(unknown[i]) == NULL);
    CHECK(zinc_dtype_size(unknown[i]) == 0);
  }
  CHECK_CODE(zinc_describe(owner, ZINC_DTYPE_U8, 9, ones), ZINC_ERROR_DESCRIPTOR);
  CHECK_CODE(zinc_describe(owner, ZINC_DTYPE_U8, SIZE_MAX, ones), ZINC_ERROR_DESCRIPTOR);
  CHECK_CODE(zinc_create_tensor("b", ZINC_DTYPE_U8, 9, ones, NULL, &out), ZINC_ERROR_DESCRIPTOR);
  CHECK_CODE(zinc_describe(owner, ZINC_DTYPE_F64, 2, huge), ZINC_ERROR_DESCRIPTOR);
  CHECK_CODE(zinc_create_tensor("b", ZINC_DTYPE_F64, 2, huge, NULL, &out), ZINC_ERROR_DESCRIPTOR);
  CHECK_CODE(zinc_describe(owner, ZINC_DTYPE_F64, 1, &nine), ZINC_ERROR_DESCRIPTOR);
  CHECK(zinc_get_descriptor(owner, &descriptor) == 0);
  CHECK_CODE(zinc_tensor(owner, ZINC_DTYPE_U8, &descriptor, &view), ZINC_ERROR_DESCRIPTOR);
  CHECK(zinc_describe(owner, ZINC_DTYPE_F64, 0, NULL) == 0);
  CHECK(zinc_get_descriptor(owner, &descriptor) == 1);
  CHECK(descriptor.dtype == ZINC_DTYPE_F64 && descriptor.ndim == 0);
  CHECK_CODE(zinc_tensor(owner, ZINC_DTYPE_I64, &descriptor, &view), ZINC_ERROR_DESCRIPTOR);
  CHECK(view == NULL && descriptor.dtype == 0);
  CHECK(zinc_dtype_from_name("float65") == 0);
  CHECK(zinc_dtype_from_name("\xff") == 0);
  CHECK(zinc_close(owner) == 0);
}

static void a_mode_that_means_nothing_is_refused(void) {
  zinc_region *out = NULL;
  zinc_options options;
  // 600 in decimal, no right for the owner, a bit beyond the permissions, somebody who writes and cannot read.
  const uint32_t modes[] = {600, 0060, 02600, 0602, UINT32_MAX};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    CHECK(zinc_options_init(&options, sizeof options) == 0);
    options.mode = modes[i];
    CHECK_SAYS(zinc_create_with("a", 1, &options, &out), ZINC_ERROR_INVALID_ARGUMENT, "the mode ");
  }
  CHECK(strstr(zinc_error_message(), "the mode -1 ") != NULL);
}

static void never_called(void *user, int result) {
  (void)user;
  CHECK(result == 99);
}

static void never_opened(void *user, int result, zinc_region *region) {
  never_called(user, result);
  (void)region;
}

static void a_time_below_zero_is_refused_and_one_word_is_for_ever(void) {
  zinc_region *region = created("a", 1);
  zinc_region *out = NULL;
  zinc_options options;
  uint64_t reached = 7;
  const int64_t times[] = {-2, -1000000, INT64_MIN};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    CHECK_SAYS(zinc_wait(region, times[i]), ZINC_ERROR_INVALID_ARGUMENT, "the timeout is -");
    CHECK_CODE(zinc_wait_ns(region, times[i]), ZINC_ERROR_INVALID_ARGUMENT);
    CHECK_CODE(zinc_wait_past(region, 0, times[i], &reached), ZINC_ERROR_INVALID_ARGUMENT);
    CHECK_CODE(zinc_wait_async(region, times[i], never_called, NULL, NULL), ZINC_ERROR_INVALID_ARGUMENT);
    CHECK(zinc_options_init(&options, sizeof options) == 0);
    options.timeout_ns = times[i];
    CHECK_CODE(zinc_open_with("a", &options, &out), ZINC_ERROR_INVALID_ARGUMENT);
    CHECK_CODE(zinc_open_async("a", &options, never_opened, NULL, NULL), ZINC_ERROR_INVALID_ARGUMENT);
  }
  CHECK_SAYS(zinc_wait_ns(region, -5000000), ZINC_ERROR_INVALID_ARGUMENT, "-5 ms");
  zinc_region *peer = opened("a");
  CHECK(zinc_notify(region) == 0);
  CHECK(zinc_wait(peer, ZINC_FOREVER) == 1);
  CHECK(zinc_close(peer) == 0);
  CHECK(zinc_close(region) == 0);
}

static void texts_fit_the_call(void) {
  zinc_region *out = NULL;
  zinc_view *view = NULL;
  zinc_descriptor descriptor;
  zinc_options options;
  CHECK_SAYS(zinc_open("none", &out), ZINC_ERROR_NOT_FOUND, "with a timeout to wait for it");
  CHECK(strcmp(zinc_error_operation(), "open") == 0 && strcmp(zinc_error_region(), "none") == 0);
  CHECK(zinc_options_init(&options, sizeof options) == 0);
  options.timeout_ns = 5000000;
  CHECK_SAYS(zinc_open_with("none", &options, &out), ZINC_ERROR_NOT_FOUND, "none appeared within 5 ms");
  CHECK_SAYS(zinc_remove("none", NULL), ZINC_ERROR_NOT_FOUND, "nothing to remove");
  CHECK_SAYS(zinc_create("none", SIZE_MAX, &out), ZINC_ERROR_INVALID_SIZE, "-1 (or 18446744073709551615) bytes");
  zinc_region *owner = created("a", 1);
  CHECK_SAYS(zinc_create("a", 1, &out), ZINC_ERROR_ALREADY_EXISTS, "this process owns it already");
  CHECK_SAYS(zinc_remove("a", NULL), ZINC_ERROR_PERMISSION_DENIED, "this process owns it");
  CHECK_SAYS(zinc_tensor(owner, ZINC_DTYPE_U8, &descriptor, &view), ZINC_ERROR_DESCRIPTOR, "look at its bytes");
  CHECK(setenv("ZINC_SPIN_US", "abc", 1) == 0);
  CHECK_SAYS(zinc_open("a", &out), ZINC_ERROR_INVALID_ARGUMENT, "ZINC_SPIN_US is \"abc\"");
  CHECK_SAYS(zinc_create("b", 1, &out), ZINC_ERROR_INVALID_ARGUMENT, "ZINC_SPIN_US is \"abc\"");
  CHECK(unsetenv("ZINC_SPIN_US") == 0);
  CHECK(zinc_notify((zinc_region *)(uintptr_t)1) == ZINC_ERROR_CLOSED && zinc_error_region() == NULL);
  CHECK(zinc_close(owner) == 0);
}

static void operations_are_spelt_as_the_caller_wishes(void) {
  zinc_region *out = NULL;
  const struct {
    uint32_t spelling;
    const char *operation;
  } spellings[] = {{ZINC_SPELLING_PASCAL, "OpenOrCreate"}, {ZINC_SPELLING_CAMEL, "openOrCreate"},
                   {ZINC_SPELLING_SNAKE, "open_or_create"}};
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
    CHECK(zinc_spell_operations(spellings[i].spelling) == 0);
    CHECK_CODE(zinc_open_or_create_with("a", 0, NULL, &out), ZINC_ERROR_INVALID_SIZE);
    CHECK(strncmp(zinc_error_message(), spellings[i].operation, strlen(spellings[i].operation)) == 0);
    CHECK(strcmp(zinc_error_operation(), spellings[i].operation) == 0);
  }
  CHECK_CODE(zinc_spell_operations(3), ZINC_ERROR_INVALID_ARGUMENT);
  CHECK_CODE(zinc_spell_operations(UINT32_MAX), ZINC_ERROR_INVALID_ARGUMENT);
}

static void a_message_is_cut_to_the_buffer_and_not_within_a_character(void) {
  zinc_region *out = NULL;
  CHECK_CODE(zinc_open("none", &out), ZINC_ERROR_NOT_FOUND);
  const size_t length = zinc_error_copy(NULL, 0);
  CHECK(length == strlen(zinc_error_message()));
  char buffer[512];
  CHECK(length < sizeof buffer);
  CHECK(zinc_error_copy(buffer, 0) == length);
  CHECK(zinc_error_copy(NULL, 100) == length);
  for (size_t size = 1; size <= length + 1; size++) {
    memset(buffer, 'z', sizeof buffer);
    CHECK(zinc_error_copy(buffer, size) == length);
    CHECK(strlen(buffer) == size - 1);
    CHECK(strncmp(buffer, zinc_error_message(), size - 1) == 0);
    CHECK(buffer[size] == 'z');
  }

  zinc_options options;
  CHECK(zinc_options_init(&options, sizeof options) == 0);
  options.directory = "/\xc3\xa9\xc3\xa9";
  CHECK_CODE(zinc_open_with("none", &options, &out), ZINC_ERROR_NOT_FOUND);
  const char *accent = strchr(zinc_error_message(), '\xc3');
  CHECK(accent != NULL);
  const size_t before = (size_t)(accent - zinc_error_message());
  CHECK(zinc_error_copy(buffer, before + 2) > before);
  CHECK(strlen(buffer) == before);
  CHECK(zinc_error_copy(buffer, before + 3) > before);
  CHECK(strlen(buffer) == before + 2);
}

static void every_code_has_its_name_and_any_other_number_is_unknown(void) {
  CHECK(strcmp(zinc_error_name(ZINC_ERROR_NOT_FOUND), "NotFound") == 0);
  int newest = ZINC_ERROR_OS;
  for (int code = newest; code < 0; code++) CHECK(strcmp(zinc_error_name(code), "Unknown") != 0);
  while (strcmp(zinc_error_name(newest - 1), "Unknown") != 0) newest--;
  const int others[] = {0, 1, newest - 1, INT_MIN, INT_MAX};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    CHECK(strcmp(zinc_error_name(others[i]), "Unknown") == 0);
  }
}

int main(void) {
  CHECK(zinc_error_code() == 0 && strcmp(zinc_error_message(), "") == 0);
  CHECK(zinc_error_operation() == NULL && zinc_error_region() == NULL);
  enter_scratch();
  RUN(null_is_a_wrong_argument_and_no_handle);
  RUN(a_closed_handle_is_not_open_for_ever);
  RUN(any_other_value_is_not_an_open_handle);
  RUN(a_view_or_a_listing_that_is_not_there_is_told);
  RUN(a_bad_name_is_refused);
  RUN(a_size_that_cannot_be_is_refused);
  RUN(a_null_where_a_result_should_go_is_told);
  RUN(options_that_this_release_does_not_know_are_refused);
  RUN(info_wants_to_know_the_callers_size);
  RUN(only_the_owner_may_do_what_is_the_owners);
  RUN(a_description_that_cannot_be_is_refused);
  RUN(a_mode_that_means_nothing_is_refused);
  RUN(a_time_below_zero_is_refused_and_one_word_is_for_ever);
  RUN(texts_fit_the_call);
  RUN(operations_are_spelt_as_the_caller_wishes);
  RUN(a_message_is_cut_to_the_buffer_and_not_within_a_character);
  RUN(every_code_has_its_name_and_any_other_number_is_unknown);
  return 0;
}
