// Errors: an exception by kind, or an error code; the same text and the same numbers.

#include <sstream>
#include <type_traits>

#include "support.hpp"

namespace {

static_assert(std::is_nothrow_copy_constructible_v<zinc::error>, "an exception must not throw when it is copied");
static_assert(std::is_base_of_v<std::system_error, zinc::error>);

TEST_F(Regions, AnErrorIsCaughtByItsKindByZincAndByTheStandardLibrary) {
  EXPECT_THROW(zinc::region::open("none"), zinc::not_found_error);
  EXPECT_THROW(zinc::region::open("none"), zinc::error);
  EXPECT_THROW(zinc::region::open("none"), std::system_error);
}

TEST_F(Regions, AnErrorNamesTheOperationTheRegionAndTheWayOut) {
  try {
    zinc::region::open("none");
    FAIL() << "there is no such region";
  } catch (const zinc::error& error) {
    EXPECT_EQ(error.kind(), zinc::errc::not_found);
    EXPECT_EQ(error.code(), zinc::errc::not_found);
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_NE(error.code(), std::errc::file_exists);
    EXPECT_EQ(error.code().value(), ZINC_ERROR_NOT_FOUND);
    const std::string what = error.what();
    EXPECT_EQ(what.rfind("open \"none\": ", 0), 0u) << what;
    EXPECT_NE(what.find("create it first"), what.npos) << what;
    EXPECT_EQ(error.operation(), "open");
    EXPECT_EQ(error.region(), "none");
    const zinc::error copy = error;
    EXPECT_STREQ(copy.what(), error.what());
  }
}

TEST_F(Regions, AnErrorThatIsAboutNoRegionNamesNone) {
  try {
    zinc::region().notify();
    FAIL() << "it is not open";
  } catch (const zinc::closed_error& error) {
    EXPECT_EQ(error.operation(), "notify");
    EXPECT_EQ(error.region(), "");
  }
}

TEST_F(Regions, NoSpaceSaysHowMuchIsNeededAndFree) {
  try {
    zinc::region::create("huge", std::size_t{1} << 46);
    FAIL() << "no machine has that much";
  } catch (const zinc::no_space_error& error) {
    EXPECT_GT(error.needed(), std::uint64_t{1} << 46);
    EXPECT_GT(error.free(), 0u);
    EXPECT_EQ(error.code(), std::errc::no_space_on_device);
  }
}

TEST_F(Regions, CallsWithAnErrorCodeDoNotThrow) {
  std::error_code code;
  EXPECT_FALSE(zinc::region::open("none", code).is_open());
  EXPECT_EQ(code, zinc::errc::not_found);
  EXPECT_STREQ(code.category().name(), "zinc");
  EXPECT_EQ(code.message(), "NotFound");

  auto owner = zinc::region::create("r", 8, code);
  EXPECT_FALSE(code) << "success clears it";
  EXPECT_FALSE(zinc::region::create("r", 8, code).is_open());
  EXPECT_EQ(code, std::errc::file_exists);
  EXPECT_FALSE(zinc::region::create("s", 0, {}, code).is_open());
  EXPECT_EQ(code, zinc::errc::invalid_size);
  EXPECT_FALSE(zinc::region::create_tensor("s", zinc::dtype::int8, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {}, code).is_open());
  EXPECT_EQ(code, zinc::errc::descriptor);
  EXPECT_FALSE(zinc::region::create_tensor<float>("r", {1}, {}, code).is_open());
  EXPECT_EQ(code, zinc::errc::already_exists);
  EXPECT_FALSE(zinc::region::open_or_create("r", 9, {}, code).is_open());
  EXPECT_EQ(code, zinc::errc::invalid_size);
  EXPECT_TRUE(owner.tensor<float>(code).empty());
  EXPECT_EQ(code, zinc::errc::descriptor);
  zinc::remove("r", {}, code);
  EXPECT_EQ(code, std::errc::permission_denied);
  EXPECT_TRUE(zinc::list(zinc::options().directory("/nonexistent"), code).empty());
  EXPECT_EQ(code, zinc::errc::not_found);
  owner.describe(zinc::dtype::float64, {2}, code);
  EXPECT_EQ(code, zinc::errc::descriptor);
  owner.persist(code);
  EXPECT_FALSE(code);
  owner.unlink(code);
  EXPECT_FALSE(code);

  owner.close(code);
  EXPECT_FALSE(code);
  const auto expect_closed = [&code](const char* what) {
    EXPECT_EQ(code, zinc::errc::closed) << what;
    code.clear();
  };
  owner.notify(code);
  expect_closed("notify");
  EXPECT_FALSE(owner.wait(0, code));
  expect_closed("wait");
  EXPECT_FALSE(owner.wait_past(0, 0, code));
  expect_closed("wait_past");
  EXPECT_EQ(owner.sequence(code), 0u);
  expect_closed("sequence");
  EXPECT_TRUE(owner.bytes(code).empty());
  expect_closed("bytes");
  EXPECT_TRUE(owner.as<float>(code).empty());
  expect_closed("as");
  EXPECT_FALSE(owner.descriptor(code));
  expect_closed("descriptor");
  EXPECT_EQ(owner.get_view(code).size(), 0u);
  expect_closed("get_view");
  EXPECT_FALSE(owner.clone(code).is_open());
  expect_closed("clone");
  EXPECT_EQ(owner.info(code).name, "");
  expect_closed("info");
  owner.unlink(code);
  expect_closed("unlink");
  owner.persist(code);
  expect_closed("persist");
  owner.describe(zinc::dtype::int8, {1}, code);
  expect_closed("describe");
}

/// What is thrown for a code is of that code's class and no other's.
template <zinc::errc Kind>
bool throws_its_own() {
  try {
    zinc::detail::raise(static_cast<int>(Kind));
  } catch (const zinc::error_of<Kind>& error) {
    return error.kind() == Kind;
  } catch (...) {
    return false;
  }
}

template <int... Code>
void check_each(std::integer_sequence<int, Code...>) {
  const bool right[] = {throws_its_own<static_cast<zinc::errc>(-1 - Code)>()...};
  for (const int code : {Code...}) EXPECT_TRUE(right[code]) << zinc_error_name(-1 - code);
}

TEST(Kinds, EachHasAnExceptionOfItsOwn) {
  check_each(std::make_integer_sequence<int, -static_cast<int>(zinc::detail::newest)>());
  // That was all of them.
  EXPECT_STREQ(zinc_error_name(static_cast<int>(zinc::detail::newest) - 1), "Unknown");
}

TEST(Kinds, ACodeOfANewerReleaseIsAPlainError) {
  try {
    zinc::detail::raise(-1000);
  } catch (const zinc::error& error) {
    EXPECT_EQ(error.code().value(), -1000);
    EXPECT_EQ(error.code().message(), "Unknown");
  }
}

}  // namespace
