// Waiting: how long, for what, and what ends it.

#include <future>
#include <limits>
#include <memory>

#include "support.hpp"

using namespace std::chrono_literals;

namespace {

constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();

static_assert(zinc::timeout(0).nanoseconds() == 0);
static_assert(zinc::timeout(1000).nanoseconds() == 1'000'000'000);
static_assert(zinc::timeout(1000u).nanoseconds() == 1'000'000'000);
static_assert(zinc::timeout(std::size_t{7}).nanoseconds() == 7'000'000);
static_assert(zinc::timeout(-1).nanoseconds() == -1'000'000, "a number below zero is no word for anything");
static_assert(zinc::timeout(std::int8_t{-7}).nanoseconds() == -7'000'000);
static_assert(zinc::forever.nanoseconds() == ZINC_FOREVER);
static_assert(zinc::timeout(std::numeric_limits<std::int64_t>::min()).nanoseconds() < -1'000'000);
static_assert(zinc::timeout(std::numeric_limits<std::int64_t>::max()).nanoseconds() == longest);
static_assert(zinc::timeout(std::numeric_limits<std::uint64_t>::max()).nanoseconds() == longest);
static_assert(zinc::timeout(2s).nanoseconds() == 2'000'000'000);
static_assert(zinc::timeout(1ns).nanoseconds() == 1);
static_assert(zinc::timeout(0s).nanoseconds() == 0);
static_assert(zinc::timeout(-5s).nanoseconds() == 0, "a length of time that is over is no reason to wait for ever");
static_assert(zinc::timeout(std::chrono::hours::max()).nanoseconds() == longest);
static_assert(zinc::timeout(std::chrono::hours::min()).nanoseconds() == 0);
static_assert(zinc::timeout(std::chrono::duration<double>(0.5)).nanoseconds() == 500'000'000);
static_assert(zinc::timeout(std::chrono::duration<std::int64_t, std::pico>(1)).nanoseconds() == 1, "never too short");
static_assert(!std::is_convertible_v<bool, zinc::timeout> && !std::is_convertible_v<double, zinc::timeout>);

TEST_F(Regions, ANotificationIsSeenOnceAndAlsoFromBeforeTheOpen) {
  auto owner = zinc::region::create("r", 1);
  owner.notify();
  owner.notify();
  auto peer = zinc::region::open("r");
  EXPECT_TRUE(peer.wait(zinc::forever));
  EXPECT_FALSE(peer.wait(0));
  EXPECT_EQ(peer.sequence(), 2u);
  EXPECT_FALSE(owner.wait(0)) << "its own do not wake it";
}

TEST_F(Regions, ATimeoutIsAsLongAsItSays) {
  auto region = zinc::region::create("r", 1);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(region.wait(20));
  EXPECT_FALSE(region.wait(20ms));
  EXPECT_FALSE(region.wait_past(0, 20ms));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 60ms);
}

TEST_F(Regions, ANumberBelowZeroIsAWrongArgumentAndALengthOfTimePolls) {
  auto region = zinc::region::create("r", 1);
  std::error_code code;
  region.wait(-1, code);
  EXPECT_EQ(code, zinc::errc::invalid_argument);
  EXPECT_NE(std::string(zinc_error_message()).find("-1 ms"), std::string::npos) << zinc_error_message();
  EXPECT_THROW(region.wait(-5), zinc::invalid_argument_error);
  EXPECT_THROW(region.wait_past(0, -1), zinc::invalid_argument_error);
  EXPECT_THROW(region.wait_async(-1, [](bool, std::error_code) { FAIL(); }), zinc::invalid_argument_error);
  EXPECT_THROW(zinc::region::open("none", zinc::options().timeout(-1)), zinc::invalid_argument_error);
  EXPECT_FALSE(region.wait(-5s));
  EXPECT_THROW(zinc::region::open("none", zinc::options().timeout(-5s)), zinc::not_found_error);
}

/// A callback that gives what was opened to a future.
auto opened(std::promise<std::pair<zinc::region, std::error_code>> promise) {
  return [promise = std::move(promise)](zinc::region region, std::error_code code) mutable {
    promise.set_value({std::move(region), code});
  };
}

TEST_F(Regions, AnOpenWithoutAThreadCallsBackWhenTheRegionAppears) {
  std::promise<std::pair<zinc::region, std::error_code>> promise, late;
  auto outcome = promise.get_future(), nothing = late.get_future();
  auto open = zinc::region::open_async("r", zinc::options().timeout(zinc::forever), opened(std::move(promise)));
  auto owner = zinc::region::create("r", 7);
  owner.notify();
  auto [region, code] = outcome.get();
  EXPECT_FALSE(code) << code.message();
  EXPECT_EQ(region.capacity(), 7u);
  EXPECT_TRUE(region.wait(0));
  EXPECT_FALSE(open.cancel()) << "the region is the callback's";

  zinc::region::open_async("none", zinc::options().timeout(2ms), opened(std::move(late)));
  EXPECT_EQ(nothing.get().second, zinc::errc::not_found);
}

TEST_F(Regions, AnOpenWithoutAThreadThatIsCancelledNeverCallsBackAndKeepsNothing) {
  const auto kept = std::make_shared<bool>(false);
  auto open = zinc::region::open_async("r", zinc::options().timeout(zinc::forever),
                                       [kept](zinc::region, std::error_code) { *kept = true; });
  auto copy = open;
  EXPECT_EQ(kept.use_count(), 2);
  EXPECT_TRUE(open.cancel());
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_FALSE(copy.cancel());
  EXPECT_FALSE(zinc::async_open().cancel());
  std::error_code code;
  zinc::region::open_async("r", zinc::options().mode(0).timeout(-3), [kept](zinc::region, std::error_code) {}, code);
  EXPECT_EQ(code, zinc::errc::invalid_argument);
  EXPECT_EQ(kept.use_count(), 1);
  auto owner = zinc::region::create("r", 1);
  EXPECT_FALSE(is_mapped("r"));
  EXPECT_FALSE(*kept);
}

TEST_F(Regions, ASleeperIsWokenByANotification) {
  auto owner = zinc::region::create("r", 4);
  auto peer = zinc::region::open("r");
  int seen = 0;
  Sleeper sleeper([&] {
    if (peer.wait(std::chrono::hours::max())) seen = peer.as<const int>()[0];
  });
  sleeper.parked();
  owner.as<int>()[0] = 77;
  owner.notify();
  sleeper.join();
  EXPECT_EQ(seen, 77);
}

TEST_F(Regions, WaitPastCountsForTheCaller) {
  auto region = zinc::region::create("r", 1);
  region.notify();
  region.notify();
  EXPECT_EQ(region.wait_past(0, 0), 2u);
  EXPECT_EQ(region.wait_past(1, zinc::forever), 2u);
  EXPECT_EQ(region.wait_past(2, 1ms), std::nullopt);
}

TEST_F(Regions, CloseFromAnotherThreadEndsTheWait) {
  auto owner = zinc::region::create("r", 1);
  auto peer = zinc::region::open("r");
  bool closed = false;
  Sleeper sleeper([&] {
    try {
      peer.wait(zinc::forever);
    } catch (const zinc::closed_error&) {
      closed = true;
    }
  });
  sleeper.parked();
  peer.close();
  sleeper.join();
  EXPECT_TRUE(closed);
}

TEST_F(Regions, InterruptEndsTheWaitInProgress) {
  auto region = zinc::region::create("r", 1);
  std::error_code code;
  Sleeper sleeper([&] { region.wait(zinc::forever, code); });
  while (!sleeper.done()) {
    region.interrupt();
    sched_yield();
  }
  EXPECT_EQ(code, zinc::errc::interrupted);
  EXPECT_EQ(code, std::errc::interrupted);
}

/// A callback that gives what it is told to a future.
auto told(std::promise<std::pair<bool, std::error_code>> promise) {
  return [promise = std::move(promise)](bool notified, std::error_code code) mutable {
    promise.set_value({notified, code});
  };
}

TEST_F(Regions, AWaitWithoutAThreadCallsBack) {
  auto owner = zinc::region::create("r", 1);
  auto peer = zinc::region::open("r");
  std::promise<std::pair<bool, std::error_code>> promise, late, closed;
  auto outcome = promise.get_future(), nothing = late.get_future(), end = closed.get_future();
  auto wait = peer.wait_async(zinc::forever, told(std::move(promise)));
  owner.notify();
  EXPECT_EQ(outcome.get(), std::pair(true, std::error_code()));
  EXPECT_FALSE(wait.cancel());

  const auto before = std::chrono::steady_clock::now();
  peer.wait_async(1ms + 1us, told(std::move(late)));
  EXPECT_EQ(nothing.get(), std::pair(false, std::error_code()));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 1ms + 1us);

  peer.wait_async(zinc::forever, told(std::move(closed)));
  owner.close();
  EXPECT_EQ(end.get(), std::pair(false, make_error_code(zinc::errc::closed)));
}

TEST_F(Regions, AWaitWithoutAThreadThatIsCancelledNeverCallsBackAndKeepsNothing) {
  auto owner = zinc::region::create("r", 1);
  auto peer = zinc::region::open("r");
  const auto kept = std::make_shared<bool>(false);
  auto wait = peer.wait_async(zinc::forever, [kept](bool, std::error_code) { *kept = true; });
  auto copy = wait;
  EXPECT_EQ(kept.use_count(), 2);
  EXPECT_TRUE(wait.cancel());
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_FALSE(wait.cancel());
  EXPECT_FALSE(copy.cancel());
  EXPECT_FALSE(zinc::async_wait().cancel());
  owner.notify();
  EXPECT_TRUE(peer.wait(0));
  EXPECT_FALSE(*kept);
}

TEST_F(Regions, AWaitWithoutAThreadOnAClosedHandleKeepsNothing) {
  zinc::region closed;
  const auto kept = std::make_shared<bool>(false);
  const auto call = [kept](bool, std::error_code) { *kept = true; };
  EXPECT_THROW(closed.wait_async(zinc::forever, call), zinc::closed_error);
  std::error_code code;
  EXPECT_FALSE(closed.wait_async(1000, call, code).cancel());
  EXPECT_EQ(code, zinc::errc::closed);
  EXPECT_EQ(kept.use_count(), 2) << "the test's own, and its lambda's";
}

}  // namespace
