// How long a notification takes to another C++ process and back, beside the least that the machine allows.
//
// Two processes, pinned to two processors, answer each other in several ways. Each way gets a short turn in every
// round, and ratios are taken within rounds, so that what else the machine does hits all alike; medians over the rounds
// are reported. The ways:
//
// - cache line: each side stores to a line of its own, on which the other spins, or swaps, so that the value does not
//   rest in the store buffer; with a pause between two looks, as Zinc does it, or without.
// - added word: both sides atomically add to one word and spin on it, which is what a sequence needs.
// - bare futex: each side stores to a word, wakes it, and sleeps on the other's (FUTEX_WAIT, FUTEX_WAKE, shared).
// - zinc as it comes, and with spinning off, so that it sleeps each time.
//
// The limits lie in the data of a region, so in the same kind of memory. Zinc is compared with whichever form of a
// limit was quickest in the run. What reading the clock takes is subtracted from all: that can only make ratios worse.
//
// bench_roundtrip [ROUNDS]. Timing is printed and never asserted: see the load that is printed with it.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include <zinc.hpp>

namespace {

constexpr std::uint32_t trips = 2000, sleeping_trips = 300, warm_up = 100;

// What the two processes share beside Zinc. Lines are 128 bytes apart: processors fetch them in pairs.
struct words {
  alignas(128) std::atomic<std::uint32_t> there;
  alignas(128) std::atomic<std::uint32_t> back;
  alignas(128) std::atomic<int> order;
  alignas(128) std::atomic<int> ready;
};

struct side {
  zinc::region spinning, sleeping;
  words* shared;
};

std::uint64_t ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
  return syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

// One way to answer each other: send the number of the trip, wait for the other side's.
struct line_way {
  bool swap, pauses;

  void send(side&, std::atomic<std::uint32_t>& to, std::uint32_t trip) const {
    if (swap) {
      to.exchange(trip, std::memory_order_seq_cst);
    } else {
      to.store(trip, std::memory_order_release);
    }
  }
  void wait(side&, std::atomic<std::uint32_t>& from, std::uint32_t trip) const {
    while (from.load(std::memory_order_acquire) != trip) {
      if (pauses) relax();
    }
  }
};

struct word_way {
  bool pauses;

  // The first side makes the odd numbers of the count, the second the even ones.
  void send(side& side, std::atomic<std::uint32_t>&, std::uint32_t) const { side.shared->there.fetch_add(1); }
  void wait(side& side, std::atomic<std::uint32_t>& from, std::uint32_t trip) const {
    const std::uint32_t goal = 2 * trip - (&from == &side.shared->there ? 1 : 0);
    while (side.shared->there.load(std::memory_order_acquire) != goal) {
      if (pauses) relax();
    }
  }
};

struct futex_way {
  void send(side&, std::atomic<std::uint32_t>& to, std::uint32_t trip) const {
    to.store(trip, std::memory_order_release);
    futex(to, FUTEX_WAKE, 1);
  }
  void wait(side&, std::atomic<std::uint32_t>& from, std::uint32_t trip) const {
    for (std::uint32_t seen; (seen = from.load(std::memory_order_acquire)) != trip;) futex(from, FUTEX_WAIT, seen);
  }
};

struct zinc_way {
  zinc::region side::* region;

  void send(side& side, std::atomic<std::uint32_t>&, std::uint32_t) const { (side.*region).notify(); }
  void wait(side& side, std::atomic<std::uint32_t>&, std::uint32_t) const { (side.*region).wait(zinc::forever); }
};

// Where one way's trips are made, and timed.
template <class Way>
void begin(const Way& way, side& side, std::vector<std::uint64_t>& samples, std::uint32_t count) {
  std::uint64_t before = ticks();
  for (std::uint32_t trip = 1; trip <= count; ++trip) {
    way.send(side, side.shared->there, trip);
    way.wait(side, side.shared->back, trip);
    const std::uint64_t now = ticks();
    if (trip > warm_up) samples.push_back(now - before);
    before = now;
  }
}

template <class Way>
void answer(const Way& way, side& side, std::uint32_t count) {
  for (std::uint32_t trip = 1; trip <= count; ++trip) {
    way.wait(side, side.shared->there, trip);
    way.send(side, side.shared->back, trip);
  }
}

enum class kind { line, word, futex, zinc, zinc_asleep };

struct way {
  const char* name;
  kind sort;
  std::uint32_t count;
  void (*begin)(side&, std::vector<std::uint64_t>&, std::uint32_t);
  void (*answer)(side&, std::uint32_t);
};

template <const auto& Way>
constexpr way make(const char* name, kind sort, std::uint32_t count) {
  return {name, sort, count + warm_up,
          [](side& side, std::vector<std::uint64_t>& samples, std::uint32_t many) { begin(Way, side, samples, many); },
          [](side& side, std::uint32_t many) { answer(Way, side, many); }};
}

constexpr line_way stored = {false, true}, stored_at_once = {false, false}, swapped = {true, true},
                   swapped_at_once = {true, false};
constexpr word_way added = {true}, added_at_once = {false};
constexpr futex_way slept;
constexpr zinc_way zinc_spinning = {&side::spinning}, zinc_sleeping = {&side::sleeping};

const way ways[] = {
    make<stored>("cache line", kind::line, trips),
    make<stored_at_once>("cache line, no pause", kind::line, trips),
    make<swapped>("cache line, swap", kind::line, trips),
    make<swapped_at_once>("cache line, swap, no pause", kind::line, trips),
    make<added>("added word", kind::word, trips),
    make<added_at_once>("added word, no pause", kind::word, trips),
    make<slept>("bare futex", kind::futex, sleeping_trips),
    make<zinc_spinning>("zinc", kind::zinc, trips),
    make<zinc_sleeping>("zinc, spin off", kind::zinc_asleep, sleeping_trips),
};
constexpr int way_count = sizeof ways / sizeof *ways;

// The first two processors that this process may run on.
std::vector<int> processors() {
  cpu_set_t allowed;
  std::vector<int> found;
  sched_getaffinity(0, sizeof allowed, &allowed);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) found.push_back(cpu);
  }
  return found;
}

void pin(int cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu, &only);
  if (sched_setaffinity(0, sizeof only, &only) != 0) std::perror("sched_setaffinity");
}

const zinc::options no_spin = zinc::options().spin(std::chrono::nanoseconds(0));

[[noreturn]] void be_the_peer(const std::string& run, int cpu, pid_t parent) {
  pin(cpu);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) std::_Exit(1);
  side side = {zinc::region::open(run), zinc::region::open(run + "-asleep", no_spin), nullptr};
  side.shared = side.spinning.as<words>().data();
  for (int turn = 1;; ++turn) {
    side.shared->ready.store(turn, std::memory_order_release);
    int order;
    while ((order = side.shared->order.load(std::memory_order_acquire)) / way_count != turn) relax();
    const way& now = ways[order % way_count];
    now.answer(side, now.count);
  }
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto size = values.size();
  return size == 0 ? 0 : (values[(size - 1) / 2] + values[size / 2]) / 2;
}

// A percentile. Some processors' counters advance in steps; what lies between two values that do occur is shared out
// evenly, so that a percentile moves smoothly.
double percentile(const std::vector<std::uint64_t>& sorted, double share) {
  const double rank = share * static_cast<double>(sorted.size());
  const auto value = sorted[std::min(static_cast<std::size_t>(rank), sorted.size() - 1)];
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
  const auto here = static_cast<double>(value);
  const double below = first == sorted.begin() ? here : (static_cast<double>(*(first - 1)) + here) / 2;
  const double above = last == sorted.end() ? here : (here + static_cast<double>(*last)) / 2;
  return below +
         (above - below) * (rank - static_cast<double>(first - sorted.begin())) / static_cast<double>(last - first);
}

struct found {
  double p50, p90, p99;
};

found summary(std::vector<std::uint64_t> samples, double reading) {
  std::sort(samples.begin(), samples.end());
  return {percentile(samples, 0.5) - reading, percentile(samples, 0.9) - reading, percentile(samples, 0.99) - reading};
}

// What reading the clock takes, in its own ticks.
double reading_the_clock() {
  std::vector<std::uint64_t> samples;
  std::uint64_t before = ticks();
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t now = ticks();
    samples.push_back(now - before);
    before = now;
  }
  return summary(std::move(samples), 0).p50;
}

// Medians over the rounds, and the ratios within them.
class report {
public:
  explicit report(double tick) : tick_(tick) {}

  void add(int way, found of_round) { rounds_[static_cast<std::size_t>(way)].push_back(of_round); }

  void print() const {
    std::printf("\n%-28s %9s %9s %9s\n", "", "p50 ns", "p90 ns", "p99 ns");
    for (int way = 0; way < way_count; ++way) {
      std::printf("%-28s %9.1f %9.1f %9.1f\n", ways[way].name, tick_ * of(way, &found::p50),
                  tick_ * of(way, &found::p90), tick_ * of(way, &found::p99));
    }
    std::printf("\n");
  }

  void compare(kind mine, kind limit, double found::* percentile, const char* named, double at_most) const {
    const auto& above = rounds_[quickest(mine)];
    const auto& below = rounds_[quickest(limit)];
    std::vector<double> ratios;
    for (std::size_t round = 0; round < above.size(); ++round) {
      ratios.push_back(above[round].*percentile / below[round].*percentile);
    }
    const double ratio = median(std::move(ratios));
    std::printf("%s of %s to %s: %.2f, at most %.1f: %s in this run\n", named, ways[quickest(mine)].name,
                ways[quickest(limit)].name, ratio, at_most, ratio <= at_most ? "met" : "MISSED");
  }

private:
  double of(int way, double found::* percentile) const {
    std::vector<double> values;
    for (const found& round : rounds_[static_cast<std::size_t>(way)]) values.push_back(round.*percentile);
    return median(std::move(values));
  }

  std::size_t quickest(kind sort) const {
    int best = -1;
    for (int way = 0; way < way_count; ++way) {
      if (ways[way].sort == sort && (best < 0 || of(way, &found::p50) < of(best, &found::p50))) best = way;
    }
    return static_cast<std::size_t>(best);
  }

  double tick_;
  std::vector<found> rounds_[way_count];
};

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 60;
  const auto cpus = processors();
  if (cpus.size() < 2) {
    std::puts("skipped: a round trip between two processors needs two, and this process may use one");
    return 0;
  }
  std::string load;
  std::getline(std::ifstream("/proc/loadavg"), load);
  std::printf("two C++ processes on processors %d and %d, %d rounds; load before: %s\n", cpus[0], cpus[1], rounds,
              load.c_str());

  const std::string run = "bench-cpp-" + std::to_string(getpid());
  side side = {zinc::region::create(run, sizeof(words)), zinc::region::create(run + "-asleep", 1, no_spin), nullptr};
  side.shared = side.spinning.as<words>().data();
  const pid_t self = getpid();
  std::fflush(stdout);
  const pid_t peer = fork();
  if (peer == 0) be_the_peer(run, cpus[1], self);
  pin(cpus[0]);

  const auto started = std::chrono::steady_clock::now();
  const std::uint64_t first_tick = ticks();
  const double reading = reading_the_clock();
  std::vector<std::pair<int, found>> all;
  std::vector<std::uint64_t> samples;
  int turn = 0;
  for (int round = 0; round < rounds; ++round) {
    for (int nth = 0; nth < way_count; ++nth) {
      // To and fro, so that nobody always comes after a way that let the processors fall asleep.
      const int index = round % 2 == 0 ? nth : way_count - 1 - nth;
      ++turn;
      while (side.shared->ready.load(std::memory_order_acquire) != turn) relax();
      side.shared->there.store(0);
      side.shared->back.store(0);
      side.shared->order.store(turn * way_count + index, std::memory_order_release);
      samples.clear();
      ways[index].begin(side, samples, ways[index].count);
      all.emplace_back(index, summary(samples, reading));
    }
  }
  kill(peer, SIGKILL);
  waitpid(peer, nullptr, 0);

  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - started;
  report report(elapsed.count() / static_cast<double>(ticks() - first_tick));
  for (const auto& [way, of_round] : all) report.add(way, of_round);
  report.print();
  report.compare(kind::zinc, kind::line, &found::p50, "p50", 1.4);
  report.compare(kind::zinc, kind::word, &found::p50, "p50", 1.4);
  report.compare(kind::zinc, kind::line, &found::p99, "p99", 1.6);
  report.compare(kind::zinc_asleep, kind::futex, &found::p50, "p50", 1.2);
}
