// Handles: who owns what, what moving and destroying do, and what is known of a region.

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/wait.h>

#include "support.hpp"

using namespace std::chrono_literals;

namespace {

template <class T, class = void>
struct can_unlink : std::false_type {};
template <class T>
struct can_unlink<T, std::void_t<decltype(std::declval<T&>().unlink())>> : std::true_type {};

static_assert(can_unlink<zinc::owned_region>::value, "an owner can unlink");
static_assert(!can_unlink<zinc::region>::value, "a peer cannot, and its type says so");
static_assert(std::is_base_of_v<zinc::region, zinc::owned_region>, "an owner can do all that a peer can");
static_assert(!std::is_copy_constructible_v<zinc::region> && !std::is_copy_assignable_v<zinc::region>);
static_assert(!std::is_copy_constructible_v<zinc::owned_region>);
static_assert(std::is_nothrow_move_constructible_v<zinc::region> && std::is_nothrow_move_assignable_v<zinc::region>);
static_assert(std::is_nothrow_move_constructible_v<zinc::owned_region>);

TEST_F(Regions, EverybodySeesTheSameZeroedBytes) {
  auto owner = zinc::region::create("r", 5000);
  auto peer = zinc::region::open("r");
  EXPECT_EQ(peer.capacity(), 5000u);
  EXPECT_EQ(peer.bytes().size(), 5000u);
  for (const std::byte byte : peer.bytes()) ASSERT_EQ(byte, std::byte{0});
  owner.bytes()[4999] = std::byte{42};
  EXPECT_EQ(peer.bytes()[4999], std::byte{42});
  EXPECT_EQ(peer.data(), peer.bytes().data());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(peer.data()) % 4096, 0u);
  EXPECT_EQ(peer.name(), "r");
}

TEST_F(Regions, ADirectoryIsAStringOrAPath) {
  const std::filesystem::path path = directory();
  const std::string_view view = directory();
  auto owner = zinc::region::create("r", 1, zinc::options().directory(path));
  EXPECT_EQ(owner.info().path, path / "zinc.r");
  for (const auto& options : {zinc::options().directory(directory()), zinc::options().directory(view),
                              zinc::options().directory(directory().c_str()), zinc::options().directory(path)}) {
    EXPECT_TRUE(zinc::region::open("r", options).is_open());
  }
}

TEST_F(Regions, ARegionThatIsMadeWithoutANameGetsItWhenItIsFilled) {
  auto owner = zinc::region::create("r", 4, zinc::options().unlinked());
  EXPECT_FALSE(owner.is_named());
  EXPECT_THROW(zinc::region::open("r"), zinc::not_found_error);
  owner.as<int>()[0] = 42;
  {
    auto other = zinc::region::create("r", 1);
    EXPECT_THROW(owner.link(), zinc::already_exists_error);
  }
  owner.link();
  owner.link();
  EXPECT_TRUE(owner.is_named());
  EXPECT_EQ(zinc::region::open("r").as<int>()[0], 42);
  EXPECT_EQ(unlink((directory() + "/zinc.r").c_str()), 0);
  EXPECT_FALSE(owner.is_named());
  EXPECT_THROW(owner.link(), zinc::unsupported_error);
  owner.close();
  EXPECT_THROW(owner.is_named(), zinc::closed_error);
  EXPECT_THROW(owner.link(), zinc::closed_error);
}

TEST_F(Regions, DestroyingTheOwnerEndsTheRegion) {
  auto peer = [] {
    auto owner = zinc::region::create("r", 1);
    return zinc::region::open("r");
  }();
  EXPECT_THROW(zinc::region::open("r"), zinc::not_found_error);
  EXPECT_THROW(peer.wait(zinc::forever), zinc::closed_error);
  peer.bytes()[0] = std::byte{1};
}

TEST_F(Regions, DestroyingAPeerEndsNothing) {
  auto owner = zinc::region::create("r", 1);
  {
    auto peer = zinc::region::open("r");
  }
  EXPECT_TRUE(zinc::region::open("r").is_open());
}

TEST_F(Regions, MovingLeavesAHandleThatIsNotOpen) {
  auto owner = zinc::region::create("r", 7);
  auto moved = std::move(owner);
  EXPECT_FALSE(owner.is_open());  // NOLINT: that is what is tested
  EXPECT_FALSE(owner);
  EXPECT_EQ(owner.capacity(), 0u);
  EXPECT_EQ(owner.data(), nullptr);
  EXPECT_THROW(owner.unlink(), zinc::closed_error);
  EXPECT_EQ(moved.capacity(), 7u);
  moved = zinc::region::create("s", 8);
  EXPECT_THROW(zinc::region::open("r"), zinc::not_found_error) << "what was assigned over is closed";
  auto& same = moved;
  moved = std::move(same);
  EXPECT_EQ(moved.capacity(), 8u);
}

TEST_F(Regions, AHandleThatNeverWasOpenSaysSo) {
  zinc::region none;
  EXPECT_FALSE(none.is_open());
  EXPECT_EQ(none.name(), "");
  EXPECT_THROW(none.notify(), zinc::closed_error);
  EXPECT_NO_THROW(none.close());
}

TEST_F(Regions, ClosingTwiceIsFineAndUseAfterwardsIsAnError) {
  auto owner = zinc::region::create("r", 1);
  owner.close();
  owner.close();
  EXPECT_FALSE(owner.is_open());
  EXPECT_EQ(owner.name(), "r") << "what it was is still known";
  EXPECT_EQ(owner.capacity(), 1u);
  EXPECT_THROW(owner.notify(), zinc::closed_error);
  EXPECT_THROW(owner.wait(0), zinc::closed_error);
  EXPECT_THROW(owner.wait_past(0, 0), zinc::closed_error);
  EXPECT_THROW(owner.sequence(), zinc::closed_error);
  EXPECT_THROW(owner.bytes(), zinc::closed_error);
  EXPECT_THROW(owner.as<float>(), zinc::closed_error);
  EXPECT_THROW(owner.tensor<float>(), zinc::closed_error);
  EXPECT_THROW(owner.descriptor(), zinc::closed_error);
  EXPECT_THROW(owner.get_view(), zinc::closed_error);
  EXPECT_THROW(owner.clone(), zinc::closed_error);
  EXPECT_THROW(owner.info(), zinc::closed_error);
  EXPECT_THROW(owner.unlink(), zinc::closed_error);
  EXPECT_THROW(owner.persist(), zinc::closed_error);
  EXPECT_THROW(owner.describe(zinc::dtype::uint8, {1}), zinc::closed_error);
}

TEST_F(Regions, AnOwnerMovedIntoAPlainRegionIsTheOwnerStill) {
  zinc::region plain = zinc::region::create("r", 1);
  EXPECT_TRUE(plain.is_owner());
  {
    std::optional<zinc::owned_region> owner = std::move(plain).owned();
    ASSERT_TRUE(owner);
    EXPECT_FALSE(plain.is_open());  // NOLINT: that is what is tested
    EXPECT_EQ(plain.capacity(), 0u);
    EXPECT_EQ(owner->name(), "r");
    owner->unlink();
  }
  EXPECT_FALSE(std::move(plain).owned());
}

TEST_F(Regions, WhoComesFirstWithOpenOrCreateOwns) {
  auto first = zinc::region::open_or_create("r", 10);
  auto second = zinc::region::open_or_create("r", 10);
  EXPECT_TRUE(first.is_owner());
  EXPECT_FALSE(second.is_owner());
  EXPECT_FALSE(std::move(second).owned());
  EXPECT_TRUE(second.is_open()) << "a peer stays what it is";
  EXPECT_THROW(zinc::region::open_or_create("r", 11), zinc::invalid_size_error);
  first.bytes()[0] = std::byte{3};
  EXPECT_EQ(second.bytes()[0], std::byte{3});
}

TEST_F(Regions, UnlinkFreesTheNameAndTheRegionLivesOn) {
  auto owner = zinc::region::create("r", 1);
  auto peer = zinc::region::open("r");
  owner.unlink();
  auto next = zinc::region::create("r", 2);
  owner.notify();
  EXPECT_TRUE(peer.wait(zinc::forever));
}

TEST_F(Regions, APersistentRegionOutlivesItsOwnerUntilItIsRemoved) {
  zinc::region::create("r", 3).persist();
  zinc::region::create("s", 4, zinc::options().persistent());
  auto found = zinc::list();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "r");
  EXPECT_EQ(found[0].state, ZINC_STATE_PERSISTENT);
  EXPECT_EQ(found[1].capacity, 4u);
  auto peer = zinc::region::open("r");
  zinc::remove("r");
  EXPECT_THROW(peer.wait(zinc::forever), zinc::closed_error);
  zinc::remove("s");
  EXPECT_THROW(zinc::remove("s"), zinc::not_found_error);
  EXPECT_TRUE(zinc::list().empty());
}

TEST_F(Regions, ALivingOwnersRegionCannotBeRemoved) {
  auto owner = zinc::region::create("r", 1);
  EXPECT_THROW(zinc::remove("r"), zinc::permission_denied_error);
}

TEST_F(Regions, InfoSaysWhatIsKnown) {
  const auto before = std::chrono::system_clock::now();
  auto owner = zinc::region::create("r", 3);
  const auto info = zinc::region::open("r").info();
  EXPECT_EQ(info.name, "r");
  EXPECT_EQ(info.path, directory() + "/zinc.r");
  EXPECT_EQ(info.capacity, 3u);
  EXPECT_EQ(info.owner_pid, static_cast<std::uint32_t>(getpid()));
  EXPECT_EQ(info.state, ZINC_STATE_OWNED);
  EXPECT_LE(info.created, std::chrono::system_clock::now());
  EXPECT_GE(info.created, before - 1s);
  EXPECT_EQ(info.id, owner.info().id);
  owner = zinc::region::create("s", 3);
  EXPECT_NE(info.id, owner.info().id);
}

TEST_F(Regions, OptionsReachTheLibrary) {
  const std::string other = directory() + "/other";
  ASSERT_EQ(mkdir(other.c_str(), 0700), 0);
  zinc::options there = zinc::options().directory(other).mode(0640).sparse().prefault().spin(0ns);
  {
    const zinc::options copy = there;
    there = zinc::options();
    auto owner = zinc::region::create("r", 1 << 20, copy);
    struct stat file;
    ASSERT_EQ(stat((other + "/zinc.r").c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0640u);
    EXPECT_THROW(zinc::region::open("r"), zinc::not_found_error);
    EXPECT_EQ(zinc::list(copy).size(), 1u);
    EXPECT_TRUE(zinc::region::open("r", copy).is_open());
  }
  EXPECT_EQ(rmdir(other.c_str()), 0);
}

TEST_F(Regions, AReadOnlyHandleSaysSoAndWritingThroughItKills) {
  auto owner = zinc::region::create("r", 1);
  auto reader = zinc::region::open("r", zinc::options().read_only());
  EXPECT_TRUE(reader.read_only());
  EXPECT_TRUE(reader.get_view().read_only());
  EXPECT_FALSE(owner.read_only());
  EXPECT_FALSE(owner.get_view().read_only());
  const pid_t child = fork();
  if (child == 0) {
    struct sigaction plain = {};
    plain.sa_handler = SIG_DFL;
    sigaction(SIGSEGV, &plain, nullptr);
    *reader.data() = std::byte{1};
    _Exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) << status;
}

TEST_F(Regions, OpenWaitsForARegionToAppear) {
  zinc::region opened;
  {
    Sleeper reader([&] { opened = zinc::region::open("late", zinc::options().timeout(60s)); });
    reader.parked();
    auto owner = zinc::region::create("late", 9);
    reader.join();
    EXPECT_EQ(opened.capacity(), 9u);
  }
  EXPECT_THROW(zinc::region::open("never", zinc::options().timeout(5)), zinc::not_found_error);
}

TEST_F(Regions, ANameWithANulIsRefusedAndNotCut) {
  using namespace std::string_view_literals;
  auto owner = zinc::region::create("r", 1);
  EXPECT_THROW(zinc::region::open("r\0x"sv), zinc::invalid_name_error);
  EXPECT_THROW(zinc::region::create("s\0x"sv, 1), zinc::invalid_name_error);
  EXPECT_THROW(zinc::remove("r\0"sv), zinc::invalid_name_error);
  EXPECT_EQ(zinc::region::open("rest"sv.substr(0, 1)).capacity(), 1u) << "a view need not end with a NUL";
}

TEST_F(Regions, ACloneIsIndependentAndNeverTheOwner) {
  auto owner = zinc::region::create("r", 1);
  auto peer = zinc::region::open("r");
  owner.notify();
  auto clone = peer.clone();
  EXPECT_TRUE(peer.wait(0));
  EXPECT_TRUE(clone.wait(0)) << "each takes the notification in for itself";
  EXPECT_FALSE(owner.clone().is_owner());
  peer.close();
  clone.notify();
  EXPECT_TRUE(owner.wait(0));
}

TEST_F(Regions, AViewOutlivesItsHandleAndIsGivenBackWithTheLastCopy) {
  zinc::view view;
  {
    auto owner = zinc::region::create("r", 4096);
    owner.bytes()[100] = std::byte{7};
    view = zinc::region::open("r").get_view();
  }
  auto copy = view;
  view = {};
  EXPECT_EQ(copy.size(), 4096u);
  EXPECT_EQ(copy.bytes()[100], std::byte{7});
  copy.as<std::uint32_t>()[0] = 5;
  EXPECT_TRUE(is_mapped("r"));
  copy = {};
  EXPECT_FALSE(is_mapped("r"));
}

TEST_F(Regions, ClosingGivesTheMemoryBackAtOnce) {
  auto owner = zinc::region::create("r", 4096);
  auto peer = zinc::region::open("r");
  EXPECT_TRUE(is_mapped("r"));
  peer.close();
  EXPECT_FALSE(is_mapped("r"));
}

TEST_F(Regions, AskingWhetherAHandleIsOpenLeavesTheLastErrorAsItIs) {
  std::error_code code;
  auto none = zinc::region::open("none", code);
  EXPECT_FALSE(none.is_open());
  EXPECT_FALSE(none.is_owner());
  EXPECT_EQ(zinc_error_code(), ZINC_ERROR_NOT_FOUND);
}

TEST(Version, IsTheLibrarys) { EXPECT_EQ(zinc::version(), ZINC_TEST_VERSION); }

}  // namespace
