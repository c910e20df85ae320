// Zinc for C++17 and later: named shared memory between processes of any language, and when to look at it.
//
//     // the writer                                             // the reader
//     auto region = zinc::region::create("pipeline", 4096);     auto region = zinc::region::open("pipeline");
//     region.as<float>()[0] = 42;                               region.wait(1000);
//     region.notify();                                          float first = region.as<float>()[0];
//
// Everything is in this one header, however long it is, so that a project can copy it. It stands over the C functions of
// zinc.h; link with zinc_core (pkg-config zinc, or CMake's zinc::zinc and zinc::zinc_static).
//
// ERRORS. Every call that can fail has two forms. The one without an std::error_code throws zinc::error, or rather a
// class derived from it for each kind (zinc::not_found_error, ...); where exceptions are switched off (-fno-exceptions)
// it prints the message and aborts. The other one takes an std::error_code& as its last argument, never throws, and
// returns something empty on failure; zinc_error_message() then has the text. Codes are of zinc::category(), compare
// with zinc::errc, and, where the C++ library has the like, with std::errc.
//
// THREADS. A handle may be used by several threads at once, close() included; like any object, it is not to be moved
// from or destroyed meanwhile. The bytes are shared memory: the programs agree on who writes and who reads when, by
// notify() and wait(), say.
//
// THREADSANITIZER. The library itself is not instrumented. With -fsanitize=thread this header tells ThreadSanitizer what
// the library orders: whatever comes before notify() comes before what follows a wait() that it ends, on the same handle
// or a clone; whatever comes before wait_async() and open_async() comes before their callbacks. Two handles that were
// opened separately have the bytes at two addresses, which it takes for two memories, so it reports nothing there; threads
// that hand over other memory by a notification between two such handles need a lock or an atomic of their own.

#ifndef ZINC_HPP
#define ZINC_HPP

#include "zinc.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__has_include)
#if __has_include(<version>)
#include <version>
#endif
#endif
#if defined(__cpp_lib_span)
#include <span>
#endif

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ZINC_HPP_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__) && !defined(ZINC_HPP_TSAN)
#define ZINC_HPP_TSAN 1
#endif
#if defined(ZINC_HPP_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace zinc {

// <<< Made by `cargo xtask generate` from crates/zinc/spec: kinds of error, element types.

/// What went wrong; the numbers are the same in every language.
enum class errc : int {
  /// The name is not 1 to 128 bytes of `A-Z a-z 0-9 . _ -`, or starts with a dot.
  invalid_name = ZINC_ERROR_INVALID_NAME,
  /// The capacity is zero, too large for the address space, or not what the other side asked for.
  invalid_size = ZINC_ERROR_INVALID_SIZE,
  /// A living owner, or a persistent region, has the name already.
  already_exists = ZINC_ERROR_ALREADY_EXISTS,
  /// No region of that name exists, or none appeared in the time given.
  not_found = ZINC_ERROR_NOT_FOUND,
  /// The operating system, or the handle's own kind (read-only, not the owner), forbids the operation.
  permission_denied = ZINC_ERROR_PERMISSION_DENIED,
  /// The region belongs to a user who is neither the caller, nor root, nor the one told to accept.
  wrong_owner = ZINC_ERROR_WRONG_OWNER,
  /// The memory cannot be reserved; the error carries the bytes needed and the bytes free.
  no_space = ZINC_ERROR_NO_SPACE,
  /// The file of that name is not a Zinc region, or is damaged.
  not_a_region = ZINC_ERROR_NOT_A_REGION,
  /// The region was made with another layout version.
  version_mismatch = ZINC_ERROR_VERSION_MISMATCH,
  /// The data is described with another type or shape than asked for, or not at all, or does not fit.
  descriptor = ZINC_ERROR_DESCRIPTOR,
  /// The handle was closed, or the owner closed the region.
  closed = ZINC_ERROR_CLOSED,
  /// The owner's process ended without closing the region; nobody will notify any more.
  owner_died = ZINC_ERROR_OWNER_DIED,
  /// The wait was ended by `interrupt` on the same handle.
  interrupted = ZINC_ERROR_INTERRUPTED,
  /// This system, file system or handle cannot do what was asked.
  unsupported = ZINC_ERROR_UNSUPPORTED,
  /// Any other failure of the operating system; the error carries its number.
  os = ZINC_ERROR_OS,
  /// An argument or an option means nothing here: null, negative, unknown, or at odds with another.
  invalid_argument = ZINC_ERROR_INVALID_ARGUMENT,
  /// A bug in Zinc, which it has caught at its border; please report it.
  internal = ZINC_ERROR_INTERNAL,
};

/// The type of a tensor's elements.
enum class dtype : std::uint32_t {
  boolean = ZINC_DTYPE_BOOL,
  int8 = ZINC_DTYPE_I8,
  int16 = ZINC_DTYPE_I16,
  int32 = ZINC_DTYPE_I32,
  int64 = ZINC_DTYPE_I64,
  uint8 = ZINC_DTYPE_U8,
  uint16 = ZINC_DTYPE_U16,
  uint32 = ZINC_DTYPE_U32,
  uint64 = ZINC_DTYPE_U64,
  float16 = ZINC_DTYPE_F16,
  bfloat16 = ZINC_DTYPE_BF16,
  float32 = ZINC_DTYPE_F32,
  float64 = ZINC_DTYPE_F64,
  complex64 = ZINC_DTYPE_C64,
  complex128 = ZINC_DTYPE_C128,
};

namespace detail {

/// The newest kind.
inline constexpr errc newest = errc::internal;

/// The errno that says the like of a kind; 0 if none does.
constexpr int condition(int code) noexcept {
  switch (code) {
    case ZINC_ERROR_ALREADY_EXISTS: return EEXIST;
    case ZINC_ERROR_NOT_FOUND: return ENOENT;
    case ZINC_ERROR_PERMISSION_DENIED: return EACCES;
    case ZINC_ERROR_WRONG_OWNER: return EPERM;
    case ZINC_ERROR_NO_SPACE: return ENOSPC;
    case ZINC_ERROR_OWNER_DIED: return ECONNRESET;
    case ZINC_ERROR_INTERRUPTED: return EINTR;
    case ZINC_ERROR_INVALID_ARGUMENT: return EINVAL;
    default: return 0;
  }
}

}  // namespace detail

// >>>

}  // namespace zinc

template <>
struct std::is_error_code_enum<zinc::errc> : std::true_type {};

namespace zinc {

#if defined(__cpp_lib_span)
/// Elements in a row that somebody else keeps.
template <class T>
using span = std::span<T>;
#else
/// Elements in a row that somebody else keeps: what is needed of C++20's std::span, which it is where there is one.
template <class T>
class span {
public:
  using element_type = T;
  using value_type = std::remove_cv_t<T>;
  using size_type = std::size_t;
  using pointer = T*;
  using reference = T&;
  using iterator = T*;

  constexpr span() noexcept = default;
  constexpr span(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
  template <class U, class = std::enable_if_t<std::is_convertible_v<U (*)[], T (*)[]>>>
  constexpr span(const span<U>& other) noexcept : data_(other.data()), size_(other.size()) {}

  constexpr T* data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::size_t size_bytes() const noexcept { return size_ * sizeof(T); }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr T& operator[](std::size_t index) const { return data_[index]; }
  constexpr T& front() const { return data_[0]; }
  constexpr T& back() const { return data_[size_ - 1]; }
  constexpr T* begin() const noexcept { return data_; }
  constexpr T* end() const noexcept { return data_ + size_; }
  constexpr span first(std::size_t count) const { return span(data_, count); }
  constexpr span last(std::size_t count) const { return span(data_ + (size_ - count), count); }
  constexpr span subspan(std::size_t offset) const { return span(data_ + offset, size_ - offset); }
  constexpr span subspan(std::size_t offset, std::size_t count) const { return span(data_ + offset, count); }

private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};
#endif

/// The category of Zinc's error codes.
inline const std::error_category& category() noexcept {
  class zinc_category final : public std::error_category {
    const char* name() const noexcept override { return "zinc"; }
    std::string message(int code) const override { return zinc_error_name(code); }
    std::error_condition default_error_condition(int code) const noexcept override {
      const int number = detail::condition(code);
      return number != 0 ? std::error_condition(number, std::generic_category()) : std::error_condition(code, *this);
    }
  };
  static const zinc_category instance;
  return instance;
}

inline std::error_code make_error_code(errc kind) noexcept { return {static_cast<int>(kind), category()}; }

/// Why a call failed. Catch this, or the class of one kind, or std::system_error.
class error : public std::system_error {
public:
  /// The calling thread's last error.
  explicit error(errc kind)
      : std::system_error(make_error_code(kind)), texts_(std::make_shared<texts>()), os_(zinc_error_os()) {
    zinc_error_space(&needed_, &free_);
  }

  /// The operation, the region, the reason, and what to do next.
  const char* what() const noexcept override { return texts_->message.c_str(); }
  errc kind() const noexcept { return static_cast<errc>(code().value()); }
  /// The call that failed, such as "open".
  const std::string& operation() const noexcept { return texts_->operation; }
  /// The name of the region that the call was about; "" if it was about none.
  const std::string& region() const noexcept { return texts_->region; }
  /// The operating system's error number (errno) behind this error; 0 if there is none.
  int os_error() const noexcept { return os_; }
  /// For no_space_error: how many bytes the region needs in all.
  std::uint64_t needed() const noexcept { return needed_; }
  /// For no_space_error: how many bytes were free.
  std::uint64_t free() const noexcept { return free_; }

private:
  struct texts {
    static std::string copy(const char* text) { return text != nullptr ? text : ""; }

    std::string message = zinc_error_message();
    std::string operation = copy(zinc_error_operation());
    std::string region = copy(zinc_error_region());
  };

  // Shared, so that copying the exception cannot fail.
  std::shared_ptr<const texts> texts_;
  int os_;
  std::uint64_t needed_ = 0;
  std::uint64_t free_ = 0;
};

/// The error of one kind.
template <errc Kind>
class error_of : public error {
public:
  error_of() : error(Kind) {}
};

// <<< Made by `cargo xtask generate` from crates/zinc/spec: exceptions.

/// The name is not 1 to 128 bytes of `A-Z a-z 0-9 . _ -`, or starts with a dot.
using invalid_name_error = error_of<errc::invalid_name>;
/// The capacity is zero, too large for the address space, or not what the other side asked for.
using invalid_size_error = error_of<errc::invalid_size>;
/// A living owner, or a persistent region, has the name already.
using already_exists_error = error_of<errc::already_exists>;
/// No region of that name exists, or none appeared in the time given.
using not_found_error = error_of<errc::not_found>;
/// The operating system, or the handle's own kind (read-only, not the owner), forbids the operation.
using permission_denied_error = error_of<errc::permission_denied>;
/// The region belongs to a user who is neither the caller, nor root, nor the one told to accept.
using wrong_owner_error = error_of<errc::wrong_owner>;
/// The memory cannot be reserved; the error carries the bytes needed and the bytes free.
using no_space_error = error_of<errc::no_space>;
/// The file of that name is not a Zinc region, or is damaged.
using not_a_region_error = error_of<errc::not_a_region>;
/// The region was made with another layout version.
using version_mismatch_error = error_of<errc::version_mismatch>;
/// The data is described with another type or shape than asked for, or not at all, or does not fit.
using descriptor_error = error_of<errc::descriptor>;
/// The handle was closed, or the owner closed the region.
using closed_error = error_of<errc::closed>;
/// The owner's process ended without closing the region; nobody will notify any more.
using owner_died_error = error_of<errc::owner_died>;
/// The wait was ended by `interrupt` on the same handle.
using interrupted_error = error_of<errc::interrupted>;
/// This system, file system or handle cannot do what was asked.
using unsupported_error = error_of<errc::unsupported>;
/// Any other failure of the operating system; the error carries its number.
using os_error = error_of<errc::os>;
/// An argument or an option means nothing here: null, negative, unknown, or at odds with another.
using invalid_argument_error = error_of<errc::invalid_argument>;
/// A bug in Zinc, which it has caught at its border; please report it.
using internal_error = error_of<errc::internal>;

#if defined(__cpp_exceptions)
namespace detail {

/// Throws the calling thread's last error.
[[noreturn]] inline void raise(int code) {
  switch (static_cast<errc>(code)) {
    case errc::invalid_name: throw invalid_name_error();
    case errc::invalid_size: throw invalid_size_error();
    case errc::already_exists: throw already_exists_error();
    case errc::not_found: throw not_found_error();
    case errc::permission_denied: throw permission_denied_error();
    case errc::wrong_owner: throw wrong_owner_error();
    case errc::no_space: throw no_space_error();
    case errc::not_a_region: throw not_a_region_error();
    case errc::version_mismatch: throw version_mismatch_error();
    case errc::descriptor: throw descriptor_error();
    case errc::closed: throw closed_error();
    case errc::owner_died: throw owner_died_error();
    case errc::interrupted: throw interrupted_error();
    case errc::unsupported: throw unsupported_error();
    case errc::os: throw os_error();
    case errc::invalid_argument: throw invalid_argument_error();
    case errc::internal: throw internal_error();
  }
  throw error(static_cast<errc>(code));
}

}  // namespace detail
#endif

// >>>

namespace detail {

/// Where a call reports its failure: the error code that was given, or an exception.
class failure {
public:
  failure() noexcept = default;
  explicit failure(std::error_code& code) noexcept : code_(&code) { code.clear(); }

  /// Passes a status through that is none.
  int check(int status) const {
    if (status < 0) report(status);
    return status;
  }

private:
  void report(int status) const {
    if (code_ != nullptr) {
      code_->assign(status, category());
      return;
    }
#if defined(__cpp_exceptions)
    raise(status);
#else
    std::fprintf(stderr, "%s\n", zinc_error_message());
    std::abort();
#endif
  }

  std::error_code* code_ = nullptr;
};

/// Tells ThreadSanitizer that what follows a see() of the same address comes after this.
inline void publish([[maybe_unused]] void* address) noexcept {
#if defined(ZINC_HPP_TSAN)
  __tsan_release(address);
#endif
}

/// Tells ThreadSanitizer that this comes after each publish() of the same address.
inline void see([[maybe_unused]] void* address) noexcept {
#if defined(ZINC_HPP_TSAN)
  __tsan_acquire(address);
#endif
}

/// A string as C takes it. A NUL within a name would cut it, and the call would go to another region: with this in its
/// place the name is refused.
inline std::string c_string(std::string_view text) {
  std::string copy(text);
  std::replace(copy.begin(), copy.end(), '\0', '\1');
  return copy;
}

}  // namespace detail

namespace detail {

/// A conversion that compilers may warn of where both types are the same.
template <class To, class From>
constexpr To to(From from) noexcept {
  if constexpr (std::is_same_v<To, From>) {
    return from;
  } else {
    return static_cast<To>(from);
  }
}

}  // namespace detail

/// The name of an element type as all languages have it, such as "float32"; "" if it is none.
inline std::string_view dtype_name(dtype type) noexcept {
  const char* const name = zinc_dtype_name(static_cast<std::uint32_t>(type));
  return name != nullptr ? name : std::string_view();
}

/// The element type of a name such as "float32"; nothing if there is none.
inline std::optional<dtype> dtype_from_name(std::string_view name) {
  const std::uint32_t number = zinc_dtype_from_name(detail::c_string(name).c_str());
  return number != 0 ? std::optional(static_cast<dtype>(number)) : std::nullopt;
}

/// Bytes of one element of a type; 0 if it is none.
inline std::size_t dtype_size(dtype type) noexcept { return zinc_dtype_size(static_cast<std::uint32_t>(type)); }

/// How long a call may wait: a number of milliseconds, a std::chrono duration, or zinc::forever.
class timeout {
public:
  /// Milliseconds; 0 looks once. A call with a number below zero is invalid_argument_error.
  template <class Int, std::enable_if_t<std::is_integral_v<Int> && !std::is_same_v<Int, bool>, int> = 0>
  constexpr timeout(Int milliseconds) noexcept : nanoseconds_(from_milliseconds(milliseconds)) {}

  /// A length of time; none is left if it is 0 or less.
  template <class Rep, class Period>
  constexpr timeout(std::chrono::duration<Rep, Period> time) noexcept : nanoseconds_(from_duration(time)) {}

  /// Until there is something, or will never be.
  static constexpr timeout forever() noexcept { return timeout(exact{ZINC_FOREVER}); }

  /// As the C functions take it.
  constexpr std::int64_t nanoseconds() const noexcept { return nanoseconds_; }

private:
  struct exact {
    std::int64_t nanoseconds;
  };

  explicit constexpr timeout(exact time) noexcept : nanoseconds_(time.nanoseconds) {}

  static constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t most_milliseconds = longest / 1000000;

  template <class Int>
  static constexpr std::int64_t from_milliseconds(Int milliseconds) noexcept {
    if constexpr (std::is_signed_v<Int>) {
      // No number of milliseconds below zero is ZINC_FOREVER in nanoseconds, so the C functions refuse it.
      if (milliseconds < 0) {
        constexpr std::intmax_t most = -most_milliseconds;
        const std::intmax_t count = milliseconds;
        return detail::to<std::int64_t>((count < most ? most : count) * 1000000);
      }
    }
    const std::uintmax_t count = detail::to<std::uintmax_t>(milliseconds);
    return count > detail::to<std::uintmax_t>(most_milliseconds) ? longest : static_cast<std::int64_t>(count * 1000000);
  }

  template <class Rep, class Period>
  static constexpr std::int64_t from_duration(std::chrono::duration<Rep, Period> time) noexcept {
    using precise = std::chrono::duration<long double, std::nano>;
    if (time <= time.zero()) return 0;
    if (precise(time) >= precise(static_cast<long double>(longest))) return longest;
    return std::chrono::ceil<std::chrono::nanoseconds>(time).count();
  }

  std::int64_t nanoseconds_;
};

/// Waits until there is something, or will never be.
inline constexpr timeout forever = timeout::forever();

/// How to create or open a region. Every choice has a default.
///
///     auto region = zinc::region::open("camera", zinc::options().read_only().timeout(5s));
class options {
public:
  options() noexcept { zinc_options_init(&c_, sizeof c_); }

// <<< Made by `cargo xtask generate` from crates/zinc/spec: options.
  /// Open: map the data without the right to write. Waiting works all the same, and so does notifying where this user
  /// may write to the region's file. Where not, this is the only way to open the region: it cannot notify, and waits by
  /// sleeps of up to 4 ms. Default: false.
  options& read_only(bool yes = true) noexcept { return flag(ZINC_OPTION_READ_ONLY, yes); }
  /// Open: map the data so that what this process writes stays in this process: the safe way to hand a region's bytes
  /// to code that may write to them although it should not. Each page that is written to takes memory of its own; the
  /// others go on showing the region. Waiting and notifying are as with `read_only`, which this excludes. Default:
  /// false.
  options& copy_on_write(bool yes = true) noexcept { return flag(ZINC_OPTION_COPY_ON_WRITE, yes); }
  /// Create, open: enter all pages in this process's page table now, so that the first touch of each costs nothing.
  /// Default: false.
  options& prefault(bool yes = true) noexcept { return flag(ZINC_OPTION_PREFAULT, yes); }
  /// Create: take memory as it is written to, and not all of it now. Writing kills the writer with SIGBUS when there is
  /// none left. Default: false.
  options& sparse(bool yes = true) noexcept { return flag(ZINC_OPTION_SPARSE, yes); }
  /// Create: let the region outlive its owner from the start, as after `persist`. Default: false.
  options& persistent(bool yes = true) noexcept { return flag(ZINC_OPTION_PERSISTENT, yes); }
  /// Create: give the region no name yet: nobody can open it until its owner's `link`. Fill it before that, and no
  /// reader ever sees it unfilled. If its creator ends before, however it ends, nothing is left. Only `link` asks
  /// whether the name is free. Default: false.
  options& unlinked(bool yes = true) noexcept { return flag(ZINC_OPTION_UNLINKED, yes); }
  /// Create: take the name away from a persistent region that has it, as `remove` does: who waits on that one gets
  /// `Closed`. A region whose owner is alive is never replaced: that is `AlreadyExists`. What a dead owner left is
  /// always replaced. With `unlinked`, the region is replaced by `link`, when the new one is filled. Default: false.
  options& replace(bool yes = true) noexcept { return flag(ZINC_OPTION_REPLACE, yes); }
  /// Create: who may open the region, as the permission bits of its file; the umask does not touch them. A user who may
  /// read only (`0640`, say) opens it read-only; `0600` is this user alone. A mode without the owner's right to read
  /// and write, with other bits than those of reading and writing, or that lets somebody write who may not read, is
  /// `InvalidArgument`. Default: `0600`.
  options& mode(std::uint32_t bits) noexcept {
    c_.mode = bits;
    return *this;
  }
  /// Open: accept a region of the user with this id too, beside the caller's own and root's. Default: none.
  options& accept_owner(std::uint32_t id) noexcept {
    c_.accept_owner = id;
    return *this;
  }
  /// Create, open: how long a wait may look again and again before it sleeps; 0 sleeps at once. Within this bound waits
  /// adapt themselves, and on a machine with one processor none spins. Default: the environment variable `ZINC_SPIN_US`
  /// in microseconds, else 50 microseconds.
  options& spin(std::chrono::nanoseconds limit) noexcept {
    c_.spin_ns = limit.count() > 0 ? limit.count() : -1;
    return *this;
  }
  /// Open: how long to wait for a region that does not exist yet: readers are often started first. Without the
  /// directory itself it fails at once. Default: not at all.
  options& timeout(zinc::timeout time) noexcept {
    c_.timeout_ns = time.nanoseconds();
    return *this;
  }
  /// Create, open, list, remove: where the region lives: a directory on a tmpfs or hugetlbfs. Default: the environment
  /// variable `ZINC_DIR`, else `/dev/shm`.
  options& directory(std::string_view path) {
    directory_ = detail::c_string(path);
    return *this;
  }
  template <class Path, std::enable_if_t<std::is_same_v<Path, std::filesystem::path>, int> = 0>
  options& directory(const Path& path) {
    return directory(std::string_view(path.native()));
  }
  /// Create: the group that the region belongs to, whose rights the second digit of the mode says (`0660`, say);
  /// without any right for it, the mode is `InvalidArgument`. This user must be a member of it, or the region is
  /// `PermissionDenied`. Default: the group that the system chooses, usually the user's first.
  options& group(std::uint32_t id) noexcept {
    c_.group = id;
    c_.flags |= ZINC_OPTION_GROUP;
    return *this;
  }
  /// Open: accept a region that belongs to the group with this id and gives the group the rights that this call needs,
  /// whichever of its members owns it. Only members can give a file to a group, or the directory does: where it gives
  /// its group to every file, and users who are no members may make some, this accepts nothing. Default: none.
  options& accept_group(std::uint32_t id) noexcept {
    c_.accept_group = id;
    c_.flags |= ZINC_OPTION_ACCEPT_GROUP;
    return *this;
  }
// >>>

  /// As the C functions take them; valid while these options are.
  zinc_options c() const noexcept {
    zinc_options copy = c_;
    copy.directory = directory_.empty() ? nullptr : directory_.c_str();
    return copy;
  }

private:
  options& flag(std::uint32_t bit, bool on) noexcept {
    c_.flags = on ? c_.flags | bit : c_.flags & ~bit;
    return *this;
  }

  zinc_options c_;
  std::string directory_;
};

/// What is known of a region.
struct region_info {
  std::string name;
  /// Its file.
  std::string path;
  /// Bytes of data.
  std::size_t capacity = 0;
  /// Random bytes that tell it from any other region that had or will have the name.
  std::array<std::uint8_t, 16> id = {};
  std::chrono::system_clock::time_point created;
  /// The process that created it, for people: pids are reused.
  std::uint32_t owner_pid = 0;
  /// ZINC_STATE_OWNED, _PERSISTENT or _DEAD, as it was when this was asked.
  ::zinc_state state = ZINC_STATE_OWNED;

  region_info() = default;
  explicit region_info(const zinc_region_info& c)
      : name(c.name), path(c.path), capacity(c.capacity),
        created(
            std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(c.created_ns))),
        owner_pid(c.owner_pid), state(static_cast<::zinc_state>(c.state)) {
    std::copy(std::begin(c.id), std::end(c.id), id.begin());
  }
};

/// What the data is: element type and shape. Elements are row-major and start at the first byte.
class descriptor {
public:
  explicit descriptor(const zinc_descriptor& c) noexcept : c_(c) {}

  zinc::dtype dtype() const noexcept { return static_cast<zinc::dtype>(c_.dtype); }
  /// The length of each dimension, outermost first; none at all is a single element.
  span<const std::uint64_t> shape() const noexcept { return {c_.shape, c_.ndim}; }
  /// How many elements there are.
  std::size_t elements() const noexcept {
    std::uint64_t product = 1;
    for (const std::uint64_t length : shape()) product *= length;
    return detail::to<std::size_t>(product);
  }

  friend bool operator==(const descriptor& a, const descriptor& b) noexcept {
    return a.c_.dtype == b.c_.dtype && a.c_.ndim == b.c_.ndim &&
           std::equal(std::begin(a.c_.shape), std::end(a.c_.shape), std::begin(b.c_.shape));
  }
  friend bool operator!=(const descriptor& a, const descriptor& b) noexcept { return !(a == b); }

private:
  zinc_descriptor c_;
};

/// Which element type a C++ type is: `element<float>::type` is dtype::float32.
///
/// bool has none: shared memory may hold any byte, and a C++ bool only 0 and 1; look at bytes() instead. For a
/// half-precision type of your own, specialize this with `static constexpr dtype type = dtype::float16;`.
template <class T, class = void>
struct element;

template <class T>
struct element<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
private:
  static constexpr zinc::dtype pick(zinc::dtype if_signed, zinc::dtype if_unsigned) noexcept {
    return std::is_signed_v<T> ? if_signed : if_unsigned;
  }

public:
  static constexpr zinc::dtype type = sizeof(T) == 1   ? pick(dtype::int8, dtype::uint8)
                                      : sizeof(T) == 2 ? pick(dtype::int16, dtype::uint16)
                                      : sizeof(T) == 4 ? pick(dtype::int32, dtype::uint32)
                                                       : pick(dtype::int64, dtype::uint64);
};
template <>
struct element<float> {
  static constexpr zinc::dtype type = dtype::float32;
};
template <>
struct element<double> {
  static constexpr zinc::dtype type = dtype::float64;
};
template <>
struct element<std::complex<float>> {
  static constexpr zinc::dtype type = dtype::complex64;
};
template <>
struct element<std::complex<double>> {
  static constexpr zinc::dtype type = dtype::complex128;
};
#if defined(__STDCPP_FLOAT16_T__) || (defined(__FLT16_MANT_DIG__) && !defined(__STRICT_ANSI__))
template <>
struct element<_Float16> {
  static constexpr zinc::dtype type = dtype::float16;
};
#endif
#if defined(__STDCPP_BFLOAT16_T__)
template <>
struct element<decltype(0.0bf16)> {
  static constexpr zinc::dtype type = dtype::bfloat16;
};
#endif

/// All the bytes of a region, which stay where they are for as long as a copy of the view lives: the handle may be
/// closed and destroyed. Copies share.
class view {
public:
  view() noexcept = default;

  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  span<std::byte> bytes() const noexcept { return {data_, size_}; }
  /// The bytes as elements of T, as many whole ones as there are.
  template <class T>
  span<T> as() const noexcept {
    static_assert(std::is_trivially_copyable_v<T>, "other processes run no constructors: T must be plain data");
    return {reinterpret_cast<T*>(data_), size_ / sizeof(T)};
  }
  /// Whether writing would kill the process.
  bool read_only() const noexcept { return zinc_view_is_read_only(handle_.get()) == 1; }

private:
  friend class region;

  explicit view(zinc_view* handle)
      : handle_(handle, zinc_view_release), data_(static_cast<std::byte*>(zinc_view_ptr(handle))),
        size_(zinc_view_size(handle)) {}

  std::shared_ptr<zinc_view> handle_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A region's data as the elements that its owner described, in place. Keeps them as a view does.
template <class T>
class tensor {
public:
  tensor() noexcept = default;

  T* data() const noexcept { return reinterpret_cast<T*>(view_.data()); }
  /// How many elements there are.
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// The length of each dimension, outermost first.
  span<const std::uint64_t> shape() const noexcept { return {shape_.data(), ndim_}; }
  /// All elements, row-major.
  span<T> elements() const noexcept { return {data(), size_}; }
  T& operator[](std::size_t index) const { return data()[index]; }
  T* begin() const noexcept { return data(); }
  T* end() const noexcept { return data() + size_; }
  /// Whether writing would kill the process.
  bool read_only() const noexcept { return view_.read_only(); }

private:
  friend class region;

  tensor(view bytes, const descriptor& what) : view_(std::move(bytes)), size_(what.elements()) {
    ndim_ = what.shape().size();
    std::copy(what.shape().begin(), what.shape().end(), shape_.begin());
  }

  view view_;
  std::array<std::uint64_t, 8> shape_ = {};
  std::size_t ndim_ = 0;
  std::size_t size_ = 0;
};

/// The lengths of a tensor's dimensions, outermost first: `{30522, 384}`, or any container of integers.
class shape {
public:
  shape(std::initializer_list<std::uint64_t> lengths) : lengths_(lengths) {}
  template <class Container, class = decltype(std::begin(std::declval<const Container&>()))>
  shape(const Container& lengths) : lengths_(std::begin(lengths), std::end(lengths)) {}

  const std::uint64_t* data() const noexcept { return lengths_.data(); }
  std::size_t size() const noexcept { return lengths_.size(); }

private:
  std::vector<std::uint64_t> lengths_;
};

namespace detail {

inline std::error_code code_of(int result) noexcept {
  return result < 0 ? std::error_code(result, category()) : std::error_code();
}

/// What is called with the outcome of a wait or an open without a thread.
template <class Outcome>
class continuation {
public:
  virtual ~continuation() = default;
  virtual void run(Outcome outcome, std::error_code code) noexcept = 0;
};

template <class Outcome, class F>
class continuation_of final : public continuation<Outcome> {
public:
  template <class G>
  explicit continuation_of(G&& then) : then_(std::forward<G>(then)) {}

  void run(Outcome outcome, std::error_code code) noexcept override { then_(std::move(outcome), code); }

private:
  F then_;
};

/// A wait's continuation, with the address by which ThreadSanitizer knows the region.
struct waiting {
  std::unique_ptr<continuation<bool>> then;
  void* address;

  /// What the C functions call, with what is its own from now on.
  static void call(void* user, int result) noexcept {
    const std::unique_ptr<waiting> self(static_cast<waiting*>(user));
    see(self.get());
    if (result > 0) see(self->address);
    self->then->run(result > 0, code_of(result));
  }
};

}  // namespace detail

/// A wait that region::wait_async() began. Copies are of the same wait; dropping them does not cancel it.
class async_wait {
public:
  async_wait() noexcept = default;

  /// Takes the wait back. True if its callback never will be called; it is destroyed then. False if it was called, is
  /// running or about to, or was cancelled before. Never blocks.
  bool cancel() noexcept {
    if (wait_ == nullptr || zinc_wait_cancel(wait_) != 1) return false;
    const std::unique_ptr<detail::waiting> gone(waiting_);
    return true;
  }

private:
  friend class region;

  async_wait(zinc_async_wait* wait, detail::waiting* waiting) noexcept : wait_(wait), waiting_(waiting) {}

  zinc_async_wait* wait_ = nullptr;
  detail::waiting* waiting_ = nullptr;
};

class owned_region;
class region;

/// An open that region::open_async() began. Copies are of the same open; dropping them does not cancel it.
class async_open {
public:
  async_open() noexcept = default;

  /// Takes the open back. True if its callback never will be called; it is destroyed then, and no region is open. False if
  /// it was called, is running or about to, so that the region is its own, or the open was cancelled before. Blocks no
  /// longer than a single look for the region takes.
  bool cancel() noexcept;

private:
  friend class region;

  async_open(zinc_async_open* open, detail::continuation<region>* then) noexcept : open_(open), then_(then) {}

  zinc_async_open* open_ = nullptr;
  detail::continuation<region>* then_ = nullptr;
};

/// A handle of a region. Opening gives one; it cannot unlink the region, only an owned_region can.
///
/// Destroying it closes it. Moving leaves a handle behind that is not open.
class region {
public:
  /// A handle that is not open.
  region() noexcept = default;
  region(region&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), name_(std::exchange(other.name_, {})),
        capacity_(std::exchange(other.capacity_, 0)) {}
  region& operator=(region&& other) noexcept {
    if (this != &other) {
      zinc_close(handle_);
      handle_ = std::exchange(other.handle_, nullptr);
      name_ = std::exchange(other.name_, {});
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  region(const region&) = delete;
  region& operator=(const region&) = delete;
  ~region() { zinc_close(handle_); }

  /// Creates a region of `capacity` bytes, all zero, and owns it. The memory is reserved, so using it cannot fail. The
  /// remains of a region whose owner died do not count.
  ///
  /// already_exists_error, invalid_name_error, invalid_size_error, no_space_error, not_a_region_error,
  /// permission_denied_error.
  static owned_region create(std::string_view name, std::size_t capacity, const options& how = {});
  static owned_region create(std::string_view name, std::size_t capacity, const options& how, std::error_code& code);
  static owned_region create(std::string_view name, std::size_t capacity, std::error_code& code);

  /// Creates a region that has just the size for a tensor and says so, so that readers need to be told nothing.
  ///
  /// As create(), and descriptor_error for more than 8 dimensions or too many bytes.
  static owned_region create_tensor(std::string_view name, dtype type, const shape& lengths, const options& how = {});
  static owned_region create_tensor(std::string_view name, dtype type, const shape& lengths, const options& how,
                                    std::error_code& code);
  template <class T>
  static owned_region create_tensor(std::string_view name, const shape& lengths, const options& how = {});
  template <class T>
  static owned_region create_tensor(std::string_view name, const shape& lengths, const options& how,
                                    std::error_code& code);

  /// Opens a region that exists, or, if the options have a timeout, that comes to exist in time.
  ///
  /// not_found_error (also when its owner died), wrong_owner_error, permission_denied_error, not_a_region_error,
  /// version_mismatch_error, invalid_name_error.
  static region open(std::string_view name, const options& how = {}) { return open(detail::failure(), name, how); }
  static region open(std::string_view name, const options& how, std::error_code& code) {
    return open(detail::failure(code), name, how);
  }
  static region open(std::string_view name, std::error_code& code) { return open(name, {}, code); }

  /// open() without blocking and without a thread that waits: calls `then(zinc::region, std::error_code)` once, when the
  /// region is open, or will not be, on a thread of Zinc's own; perhaps before this function returns. One thread of this
  /// process waits for the regions of all such calls. The callback may block and call anything; what it throws ends the
  /// program, as in a std::thread.
  ///
  ///     auto open = zinc::region::open_async("camera", zinc::options().timeout(zinc::forever),
  ///                                          [](zinc::region camera, std::error_code code) { ... });
  ///     open.cancel();
  ///
  /// invalid_argument_error, invalid_name_error for what is no text, os_error if the system starts no thread, and then it
  /// is not called. The callback is told of all else by the code; on its thread zinc_error_message() tells more.
  template <class F>
  static async_open open_async(std::string_view name, const options& how, F&& then) {
    return open_async(detail::failure(), name, how, std::forward<F>(then));
  }
  template <class F>
  static async_open open_async(std::string_view name, const options& how, F&& then, std::error_code& code) {
    return open_async(detail::failure(code), name, how, std::forward<F>(then));
  }

  /// Opens the region if it exists, else creates it: whoever comes first owns it. owned() tells, and gives the owner.
  ///
  /// As open() and create(); invalid_size_error also if it exists and is smaller than `capacity`.
  static region open_or_create(std::string_view name, std::size_t capacity, const options& how = {}) {
    return open_or_create(detail::failure(), name, capacity, how);
  }
  static region open_or_create(std::string_view name, std::size_t capacity, const options& how, std::error_code& code) {
    return open_or_create(detail::failure(code), name, capacity, how);
  }

  /// Whether this handle is open: neither closed, nor moved from.
  bool is_open() const noexcept { return zinc_is_open(handle_) == 1; }
  explicit operator bool() const noexcept { return is_open(); }
  /// Whether this handle created its region and so owns it.
  bool is_owner() const noexcept { return is_open() && zinc_is_owner(token()) == 1; }
  /// This handle as the owner that it is; if it is none, nothing, and the handle stays as it is.
  std::optional<owned_region> owned() &&;

  /// The region's name, also after close(); "" if there never was a region, or it was moved from.
  const std::string& name() const noexcept { return name_; }
  /// Bytes of data, exactly what the creator asked for, also after close(); 0 if there never was a region, or it was
  /// moved from.
  std::size_t capacity() const noexcept { return capacity_; }
  /// The first byte, on a page boundary; null if the handle is not open. Valid until the handle is closed.
  std::byte* data() const noexcept { return static_cast<std::byte*>(zinc_ptr(token())); }
  /// Whether writing to the data would kill the process.
  bool read_only() const noexcept { return zinc_is_read_only(token()) == 1; }

  /// All the data. Valid until the handle is closed; get_view() gives bytes that stay. closed_error.
  span<std::byte> bytes() const { return as<std::byte>(); }
  span<std::byte> bytes(std::error_code& code) const { return as<std::byte>(code); }
  /// The data as elements of T, as many whole ones as there are, whatever the owner says that they are. Valid until the
  /// handle is closed. closed_error.
  template <class T>
  span<T> as() const {
    return as<T>(detail::failure());
  }
  template <class T>
  span<T> as(std::error_code& code) const {
    return as<T>(detail::failure(code));
  }
  /// A view of all the data, which outlives this handle. closed_error.
  view get_view() const { return get_view(detail::failure()); }
  view get_view(std::error_code& code) const { return get_view(detail::failure(code)); }

  /// What the owner says the data is; nothing if it says nothing. descriptor_error if the header is damaged,
  /// closed_error.
  std::optional<zinc::descriptor> descriptor() const { return descriptor(detail::failure()); }
  std::optional<zinc::descriptor> descriptor(std::error_code& code) const { return descriptor(detail::failure(code)); }
  /// The described data as elements of T, in place; it outlives this handle. descriptor_error if the data is of another
  /// type or not described, closed_error.
  template <class T>
  zinc::tensor<T> tensor() const {
    return tensor<T>(detail::failure());
  }
  template <class T>
  zinc::tensor<T> tensor(std::error_code& code) const {
    return tensor<T>(detail::failure(code));
  }

  /// Tells everyone who waits, or will, that there is something to look at. What this thread wrote before is visible to
  /// whoever the notification reaches. Never blocks. Does not end waits of this very handle.
  ///
  /// closed_error; permission_denied_error if this user may only read the region.
  void notify() { notify(detail::failure()); }
  void notify(std::error_code& code) noexcept { notify(detail::failure(code)); }

  /// Waits for a notification that this handle has not seen yet, be it from before the region was opened; false if the
  /// time is up. What the notifier wrote before is visible afterwards. Sleeps in the kernel after some ten
  /// microseconds.
  ///
  ///     region.wait(1000);     region.wait(2s);     region.wait(zinc::forever);
  ///
  /// closed_error when the owner, or another thread this handle, closes; owner_died_error within a second after
  /// the kernel has closed its dead process's files; interrupted_error; invalid_argument_error for a number below zero.
  /// Notifications from before are delivered first.
  bool wait(timeout time) { return wait(detail::failure(), time); }
  bool wait(timeout time, std::error_code& code) noexcept { return wait(detail::failure(code), time); }

  /// wait() without blocking and without a thread that waits: calls `then(bool notified, std::error_code)` once, when the
  /// wait is over, on a thread of Zinc's own; perhaps before this function returns. The callback may block and call
  /// anything; what it throws ends the program, as in a std::thread.
  ///
  ///     region.wait_async(zinc::forever, [&](bool notified, std::error_code code) { ... });
  ///
  /// closed_error, and then it is not called. What ends wait() later, it is told of by the code; on its thread
  /// zinc_error_message() tells more.
  template <class F>
  async_wait wait_async(timeout time, F&& then) {
    return wait_async(detail::failure(), time, std::forward<F>(then));
  }
  template <class F>
  async_wait wait_async(timeout time, F&& then, std::error_code& code) {
    return wait_async(detail::failure(code), time, std::forward<F>(then));
  }

  /// Waits until the sequence is greater than `sequence`, for callers who keep count themselves; gives the sequence
  /// reached, or nothing if the time is up. Counts this handle's own notifications too, and does not move what wait()
  /// has seen. Fails as wait() does.
  std::optional<std::uint64_t> wait_past(std::uint64_t sequence, timeout time) {
    return wait_past(detail::failure(), sequence, time);
  }
  std::optional<std::uint64_t> wait_past(std::uint64_t sequence, timeout time, std::error_code& code) noexcept {
    return wait_past(detail::failure(code), sequence, time);
  }

  /// How many notifications there were, by anyone. closed_error.
  std::uint64_t sequence() const { return sequence(detail::failure()); }
  std::uint64_t sequence(std::error_code& code) const noexcept { return sequence(detail::failure(code)); }

  /// Ends the waits that are in progress on this handle, on whatever thread, with interrupted_error.
  void interrupt() noexcept { zinc_interrupt(token()); }

  /// Closes this handle: its waits end with closed_error, and so does every later call. The owner's close also takes
  /// the name away, marks the region closed and wakes everyone. Views stay valid. Twice is fine.
  ///
  /// os_error and the like, if the name cannot be taken away; the handle is closed all the same.
  void close() { detail::failure().check(zinc_close(handle_)); }
  void close(std::error_code& code) noexcept { detail::failure(code).check(zinc_close(handle_)); }

  /// A second handle of the same memory, which has seen what this one has and goes on independently. Never the owner.
  /// closed_error.
  region clone() const { return clone(detail::failure()); }
  region clone(std::error_code& code) const noexcept { return clone(detail::failure(code)); }

  /// What is known of the region since this handle was made. closed_error.
  region_info info() const { return info(detail::failure()); }
  region_info info(std::error_code& code) const { return info(detail::failure(code)); }

  /// For the C functions; null if this handle never was open. It stays this object's.
  zinc_region* c() const noexcept { return handle_; }

protected:
  /// Takes a handle of the C functions over.
  explicit region(zinc_region* handle) : region() {
    // From here on it is closed if something throws.
    handle_ = handle;
    if (handle == nullptr) return;
    capacity_ = zinc_capacity(handle);
    name_ = zinc_name(handle);
  }

private:
  friend class owned_region;
  friend class async_open;

  static region open(detail::failure on, std::string_view name, const options& how) {
    zinc_region* handle = nullptr;
    const zinc_options c = how.c();
    on.check(zinc_open_with(detail::c_string(name).c_str(), &c, &handle));
    return region(handle);
  }

  static region open_or_create(detail::failure on, std::string_view name, std::size_t capacity, const options& how) {
    zinc_region* handle = nullptr;
    const zinc_options c = how.c();
    on.check(zinc_open_or_create_with(detail::c_string(name).c_str(), capacity, &c, &handle));
    return region(handle);
  }

  /// What the C functions call, with a continuation that it owns.
  static void opened(void* user, int result, zinc_region* handle) noexcept {
    const std::unique_ptr<detail::continuation<region>> self(static_cast<detail::continuation<region>*>(user));
    detail::see(user);
    self->run(region(handle), detail::code_of(result));
  }

  template <class F>
  static async_open open_async(detail::failure on, std::string_view name, const options& how, F&& then) {
    auto owned = std::make_unique<detail::continuation_of<region, std::decay_t<F>>>(std::forward<F>(then));
    detail::continuation<region>* const c = owned.get();
    detail::publish(c);
    zinc_async_open* open = nullptr;
    const zinc_options options = how.c();
    if (on.check(zinc_open_async(detail::c_string(name).c_str(), &options, opened, c, &open)) != 0) return {};
    // It is the callback's, or the canceller's, from now on.
    static_cast<void>(owned.release());
    return {open, c};
  }

  template <class T>
  span<T> as(detail::failure on) const {
    static_assert(std::is_trivially_copyable_v<T>, "other processes run no constructors: T must be plain data");
    void* const data = zinc_ptr(token());
    if (data == nullptr) {
      on.check(ZINC_ERROR_CLOSED);
      return {};
    }
    return {static_cast<T*>(data), capacity() / sizeof(T)};
  }

  view get_view(detail::failure on) const {
    zinc_view* handle = nullptr;
    return on.check(zinc_view_retain(token(), &handle)) == 0 ? view(handle) : view();
  }

  std::optional<zinc::descriptor> descriptor(detail::failure on) const {
    zinc_descriptor c;
    if (on.check(zinc_get_descriptor(token(), &c)) != 1) return std::nullopt;
    return zinc::descriptor(c);
  }

  template <class T>
  zinc::tensor<T> tensor(detail::failure on) const {
    constexpr auto type = static_cast<std::uint32_t>(element<std::remove_cv_t<T>>::type);
    zinc_descriptor c;
    zinc_view* handle = nullptr;
    if (on.check(zinc_tensor(token(), type, &c, &handle)) != 0) return {};
    return zinc::tensor<T>(view(handle), zinc::descriptor(c));
  }

  void notify(detail::failure on) {
#if defined(ZINC_HPP_TSAN)
    detail::publish(zinc_ptr(token()));
#endif
    on.check(zinc_notify(token()));
  }

  bool wait(detail::failure on, timeout time) {
    const bool notified = on.check(zinc_wait_ns(token(), time.nanoseconds())) > 0;
#if defined(ZINC_HPP_TSAN)
    if (notified) detail::see(zinc_ptr(token()));
#endif
    return notified;
  }

  template <class F>
  async_wait wait_async(detail::failure on, timeout time, F&& then) {
    auto continuation = std::make_unique<detail::continuation_of<bool, std::decay_t<F>>>(std::forward<F>(then));
    auto owned = std::make_unique<detail::waiting>(detail::waiting{std::move(continuation), zinc_ptr(token())});
    detail::waiting* const c = owned.get();
    detail::publish(c);
    zinc_async_wait* wait = nullptr;
    if (on.check(zinc_wait_async(token(), time.nanoseconds(), detail::waiting::call, c, &wait)) != 0) return {};
    // It is the callback's, or the canceller's, from now on.
    static_cast<void>(owned.release());
    return {wait, c};
  }

  std::optional<std::uint64_t> wait_past(detail::failure on, std::uint64_t sequence, timeout time) {
    std::uint64_t reached = 0;
    if (on.check(zinc_wait_past(token(), sequence, time.nanoseconds(), &reached)) != 1) return std::nullopt;
#if defined(ZINC_HPP_TSAN)
    detail::see(zinc_ptr(token()));
#endif
    return reached;
  }

  std::uint64_t sequence(detail::failure on) const {
    std::uint64_t sequence = 0;
    on.check(zinc_sequence(token(), &sequence));
    return sequence;
  }

  region clone(detail::failure on) const {
    zinc_region* handle = nullptr;
    on.check(zinc_clone(token(), &handle));
    return region(handle);
  }

  region_info info(detail::failure on) const {
    zinc_region_info c;
    c.size = sizeof c;
    return on.check(zinc_info(token(), &c)) == 0 ? region_info(c) : region_info();
  }

  /// What the C functions are called with: for them null is a wrong argument, and here a handle that is not open.
  zinc_region* token() const noexcept { return handle_ != nullptr ? handle_ : never_open(); }

  /// A value that no handle ever has.
  static zinc_region* never_open() noexcept { return reinterpret_cast<zinc_region*>(std::uintptr_t{1}); }

  zinc_region* handle_ = nullptr;
  std::string name_;
  std::size_t capacity_ = 0;
};

/// The region's owner: the handle that created it, and the only sort that can unlink it.
///
/// When it is closed or destroyed, or its process ends, the name goes, the region is closed for everyone, and every
/// waiter wakes; when its process is killed, waiters learn of it within a second after the kernel has closed its files,
/// and the name is free. In a forked child the copy of an owner is a peer. Moved into a plain region, it is the owner
/// still.
class owned_region : public region {
public:
  /// A handle that is not open.
  owned_region() noexcept = default;

  /// Takes the name away now. Handles that are open go on as before, and the name is free.
  ///
  /// closed_error; permission_denied_error in a forked child.
  void unlink() { detail::failure().check(zinc_unlink(token())); }
  void unlink(std::error_code& code) noexcept { detail::failure(code).check(zinc_unlink(token())); }

  /// Gives a region its name that was created with options().unlinked(): from now on others find it, filled as it is.
  /// Nothing happens if it has its name.
  ///
  /// already_exists_error, and then it may be tried again; unsupported_error if it had its name and lost it;
  /// not_a_region_error if something else has the name; closed_error; permission_denied_error in a forked child.
  void link() { detail::failure().check(zinc_link(token())); }
  void link(std::error_code& code) noexcept { detail::failure(code).check(zinc_link(token())); }

  /// Whether the name leads to this region at this moment, so that others can open it: not before link(), after unlink(),
  /// and when somebody has removed or replaced the file. closed_error.
  bool is_named() const { return detail::failure().check(zinc_is_named(token())) > 0; }
  bool is_named(std::error_code& code) const noexcept { return detail::failure(code).check(zinc_is_named(token())) > 0; }

  /// Lets the region outlive this handle and its process: it stays until zinc::remove() or unlink().
  ///
  /// closed_error; permission_denied_error in a forked child.
  void persist() { detail::failure().check(zinc_persist(token())); }
  void persist(std::error_code& code) noexcept { detail::failure(code).check(zinc_persist(token())); }

  /// Says what the data is, for everyone.
  ///
  /// descriptor_error if it does not fit the region, closed_error, permission_denied_error in a forked child.
  void describe(dtype type, const shape& lengths) { describe(detail::failure(), type, lengths); }
  void describe(dtype type, const shape& lengths, std::error_code& code) noexcept {
    describe(detail::failure(code), type, lengths);
  }

private:
  friend class region;

  explicit owned_region(zinc_region* handle) : region(handle) {}

  void describe(detail::failure on, dtype type, const shape& lengths) {
    on.check(zinc_describe(token(), static_cast<std::uint32_t>(type), lengths.size(), lengths.data()));
  }

  static owned_region create(detail::failure on, std::string_view name, std::size_t capacity, const options& how) {
    zinc_region* handle = nullptr;
    const zinc_options c = how.c();
    on.check(zinc_create_with(detail::c_string(name).c_str(), capacity, &c, &handle));
    return owned_region(handle);
  }

  static owned_region create_tensor(detail::failure on, std::string_view name, dtype type, const shape& lengths,
                                    const options& how) {
    zinc_region* handle = nullptr;
    const zinc_options c = how.c();
    on.check(zinc_create_tensor(detail::c_string(name).c_str(), static_cast<std::uint32_t>(type), lengths.size(),
                                lengths.data(), &c, &handle));
    return owned_region(handle);
  }
};

inline bool async_open::cancel() noexcept {
  if (open_ == nullptr || zinc_open_cancel(open_) != 1) return false;
  const std::unique_ptr<detail::continuation<region>> gone(then_);
  return true;
}

inline owned_region region::create(std::string_view name, std::size_t capacity, const options& how) {
  return owned_region::create(detail::failure(), name, capacity, how);
}

inline owned_region region::create(std::string_view name, std::size_t capacity, const options& how,
                                   std::error_code& code) {
  return owned_region::create(detail::failure(code), name, capacity, how);
}

inline owned_region region::create(std::string_view name, std::size_t capacity, std::error_code& code) {
  return create(name, capacity, {}, code);
}

inline owned_region region::create_tensor(std::string_view name, dtype type, const shape& lengths, const options& how) {
  return owned_region::create_tensor(detail::failure(), name, type, lengths, how);
}

inline owned_region region::create_tensor(std::string_view name, dtype type, const shape& lengths, const options& how,
                                          std::error_code& code) {
  return owned_region::create_tensor(detail::failure(code), name, type, lengths, how);
}

template <class T>
owned_region region::create_tensor(std::string_view name, const shape& lengths, const options& how) {
  return create_tensor(name, element<T>::type, lengths, how);
}

template <class T>
owned_region region::create_tensor(std::string_view name, const shape& lengths, const options& how,
                                   std::error_code& code) {
  return create_tensor(name, element<T>::type, lengths, how, code);
}

inline std::optional<owned_region> region::owned() && {
  if (!is_owner()) return std::nullopt;
  owned_region owner;
  static_cast<region&>(owner) = std::move(*this);
  return owner;
}

namespace detail {

inline std::vector<region_info> list(failure on, const options& where) {
  const zinc_options c = where.c();
  zinc_listing* listing = nullptr;
  std::size_t count = 0;
  on.check(zinc_list(&c, &listing, &count));
  const std::unique_ptr<zinc_listing, int (*)(zinc_listing*)> guard(listing, zinc_listing_free);
  std::vector<region_info> regions;
  regions.reserve(count);
  zinc_region_info info;
  info.size = sizeof info;
  for (std::size_t index = 0; zinc_listing_get(listing, index, &info) == 1; ++index) regions.emplace_back(info);
  return regions;
}

inline void remove(failure on, std::string_view name, const options& where) {
  const zinc_options c = where.c();
  on.check(zinc_remove(c_string(name).c_str(), &c));
}

}  // namespace detail

/// The regions that this user may read, in the order of their names. Of the options only the directory counts.
///
/// not_found_error if there is no such directory.
inline std::vector<region_info> list(const options& where = {}) { return detail::list({}, where); }
inline std::vector<region_info> list(const options& where, std::error_code& code) {
  return detail::list(detail::failure(code), where);
}

/// Takes away a persistent region, or the remains of a dead owner's. Of the options only the directory counts.
///
/// not_found_error; permission_denied_error if its owner is alive, or this user may not; not_a_region_error;
/// invalid_name_error.
inline void remove(std::string_view name, const options& where = {}) { detail::remove({}, name, where); }
inline void remove(std::string_view name, const options& where, std::error_code& code) {
  detail::remove(detail::failure(code), name, where);
}

/// The library's release, such as "0.1.0".
inline std::string_view version() noexcept { return zinc_version(); }

}  // namespace zinc

#endif  // ZINC_HPP
