// Typed data: what the bytes are taken for, and what the owner says that they are.

#include <array>
#include <complex>
#include <numeric>
#include <vector>

#include "support.hpp"

namespace {

template <class T>
constexpr zinc::dtype type_of = zinc::element<T>::type;

static_assert(type_of<std::int8_t> == zinc::dtype::int8 && type_of<signed char> == zinc::dtype::int8);
static_assert(type_of<std::uint16_t> == zinc::dtype::uint16 && type_of<std::int32_t> == zinc::dtype::int32);
static_assert(type_of<long> == type_of<std::int64_t> || sizeof(long) == 4);
static_assert(type_of<long long> == zinc::dtype::int64 && type_of<unsigned long long> == zinc::dtype::uint64);
static_assert(type_of<std::size_t> == zinc::dtype::uint64 || sizeof(std::size_t) == 4);

template <class T, class = void>
struct has_type : std::false_type {};
template <class T>
struct has_type<T, std::void_t<decltype(zinc::element<T>::type)>> : std::true_type {};
static_assert(!has_type<bool>::value, "not every byte is a bool");
static_assert(!has_type<std::byte>::value && !has_type<int*>::value);

template <class T>
class Tensors : public Regions {};
using Elements =
    ::testing::Types<std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t,
                     std::uint64_t, float, double, std::complex<float>, std::complex<double>>;
// The third argument is none: clang finds it missing otherwise.
TYPED_TEST_SUITE(Tensors, Elements, );

TYPED_TEST(Tensors, AreFoundByReadersThatAreToldNothing) {
  auto owner = zinc::region::create_tensor<TypeParam>("t", {2, 3});
  EXPECT_EQ(owner.capacity(), 6 * sizeof(TypeParam));
  auto mine = owner.template tensor<TypeParam>();
  for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = static_cast<TypeParam>(i + 1);

  auto peer = zinc::region::open("t");
  const auto found = peer.descriptor();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->dtype(), zinc::element<TypeParam>::type);
  EXPECT_EQ(found->elements(), 6u);
  const auto theirs = peer.template tensor<const TypeParam>();
  ASSERT_EQ(theirs.shape().size(), 2u);
  EXPECT_EQ(theirs.shape()[0], 2u);
  EXPECT_EQ(theirs.shape()[1], 3u);
  EXPECT_EQ(theirs.elements().size(), 6u);
  std::size_t next = 1;
  for (const TypeParam& value : theirs) EXPECT_EQ(value, static_cast<TypeParam>(next++));
  EXPECT_EQ(next, 7u);
}

TYPED_TEST(Tensors, OfAnotherTypeAreRefused) {
  auto owner = zinc::region::create_tensor("t", zinc::dtype::boolean, {4});
  EXPECT_THROW(owner.template tensor<TypeParam>(), zinc::descriptor_error);
}

TEST_F(Regions, ATensorOutlivesItsHandle) {
  zinc::tensor<double> tensor;
  EXPECT_TRUE(tensor.empty());
  {
    auto owner = zinc::region::create_tensor<double>("t", {3});
    tensor = owner.tensor<double>();
    tensor[2] = 0.5;
  }
  EXPECT_EQ(tensor[2], 0.5);
  EXPECT_FALSE(tensor.read_only());
}

TEST_F(Regions, NoDimensionIsOneElementAndAZeroIsNone) {
  auto scalar = zinc::region::create_tensor<float>("a", {});
  EXPECT_EQ(scalar.tensor<float>().size(), 1u);
  EXPECT_TRUE(scalar.tensor<float>().shape().empty());
  auto none = zinc::region::create_tensor<float>("b", {7, 0});
  EXPECT_TRUE(none.tensor<float>().empty());
  EXPECT_EQ(none.tensor<float>().shape()[0], 7u);
}

TEST_F(Regions, TheOwnerMayDescribeAnew) {
  auto owner = zinc::region::create("r", 64);
  EXPECT_FALSE(owner.descriptor());
  EXPECT_THROW(owner.tensor<float>(), zinc::descriptor_error);
  owner.describe(zinc::dtype::float32, {4, 4});
  const auto first = owner.descriptor();
  EXPECT_EQ(owner.tensor<float>().size(), 16u);
  owner.describe(zinc::dtype::int64, std::vector<int>{8});
  EXPECT_NE(owner.descriptor(), first);
  EXPECT_EQ(owner.tensor<std::int64_t>().size(), 8u);
  EXPECT_THROW(owner.describe(zinc::dtype::int64, std::array<std::size_t, 1>{9}), zinc::descriptor_error);
  EXPECT_THROW(owner.describe(zinc::dtype::int64, std::vector<int>(9, 1)), zinc::descriptor_error);
}

TEST_F(Regions, AsTakesAsManyWholeElementsAsThereAre) {
  auto region = zinc::region::create("r", 4 * 3 + 3);
  auto numbers = region.as<std::uint32_t>();
  EXPECT_EQ(numbers.size(), 3u);
  std::iota(numbers.begin(), numbers.end(), 1u);
  EXPECT_EQ(region.as<const std::uint32_t>()[2], 3u);
  struct pixel {
    std::uint8_t red, green, blue;
  };
  EXPECT_EQ(region.as<pixel>().size(), 5u);
  EXPECT_EQ(region.get_view().as<pixel>().size(), 5u);
  struct large {
    double numbers[100];
  };
  EXPECT_TRUE(region.as<large>().empty());
}

TEST(Span, HasWhatIsNeededOfTheStandardOne) {
  std::array<int, 5> numbers = {1, 2, 3, 4, 5};
  const zinc::span<int> all(numbers.data(), numbers.size());
  const zinc::span<const int> constant = all;
  EXPECT_EQ(constant.size(), 5u);
  EXPECT_EQ(all.size_bytes(), 5 * sizeof(int));
  EXPECT_EQ(all.front() * 10 + all.back(), 15);
  EXPECT_EQ(all.first(2).back(), 2);
  EXPECT_EQ(all.last(2).front(), 4);
  EXPECT_EQ(all.subspan(3).size(), 2u);
  EXPECT_EQ(all.subspan(1, 3).back(), 4);
  EXPECT_EQ(std::accumulate(all.begin(), all.end(), 0), 15);
  EXPECT_TRUE(zinc::span<int>().empty());
  all[0] = 9;
  EXPECT_EQ(numbers[0], 9);
}

TEST(DTypes, HaveTheirNamesAndSizes) {
  EXPECT_EQ(zinc::dtype_name(zinc::dtype::boolean), "bool");
  EXPECT_EQ(zinc::dtype_name(zinc::dtype::complex128), "complex128");
  EXPECT_EQ(zinc::dtype_from_name("bfloat16"), zinc::dtype::bfloat16);
  EXPECT_EQ(zinc::dtype_size(zinc::dtype::bfloat16), 2u);
  EXPECT_EQ(zinc::dtype_size(zinc::dtype::complex128), 16u);
  EXPECT_EQ(zinc::dtype_from_name("float65"), std::nullopt);
  EXPECT_EQ(zinc::dtype_from_name(std::string_view("int8\0", 5)), std::nullopt);
  const auto none = static_cast<zinc::dtype>(99);
  EXPECT_EQ(zinc::dtype_name(none), "");
  EXPECT_EQ(zinc::dtype_size(none), 0u);
}

}  // namespace
