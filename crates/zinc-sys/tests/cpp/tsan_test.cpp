// Under ThreadSanitizer, which does not see what the library orders: the header tells it, and it reports nothing.

#include <future>

#include "support.hpp"

namespace {

TEST_F(Regions, BytesThatANotificationHandsOverAreNoRace) {
  auto owner = zinc::region::create("r", 8);
  auto peer = owner.clone();
  int beside = 0;
  std::thread reader([&] {
    for (int round = 1; round <= 1000; ++round) {
      ASSERT_TRUE(peer.wait(zinc::forever));
      ASSERT_EQ(peer.as<int>()[0], round);
      ASSERT_EQ(beside, round);
      peer.notify();
    }
  });
  for (int round = 1; round <= 1000; ++round) {
    owner.as<int>()[0] = round;
    beside = round;
    owner.notify();
    ASSERT_TRUE(owner.wait(zinc::forever));
  }
  reader.join();
}

TEST_F(Regions, WhatACallbackLooksAtIsNoRace) {
  auto owner = zinc::region::create("r", 8);
  auto peer = owner.clone();
  std::promise<void> promise;
  int before = 7;
  peer.wait_async(zinc::forever, [&](bool notified, std::error_code) {
    EXPECT_TRUE(notified);
    EXPECT_EQ(before, 7);
    EXPECT_EQ(peer.as<int>()[0], 9);
    promise.set_value();
  });
  owner.as<int>()[0] = 9;
  owner.notify();
  promise.get_future().get();

  std::promise<void> opened;
  before = 8;
  zinc::region::open_async("s", zinc::options().timeout(zinc::forever), [&](zinc::region, std::error_code code) {
    EXPECT_FALSE(code);
    EXPECT_EQ(before, 8);
    opened.set_value();
  });
  auto other = zinc::region::create("s", 1);
  opened.get_future().get();
}

}  // namespace
