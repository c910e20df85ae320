// The region's data as values: bytes as hex, tensors as JSON, each element through its own C++ type.

#ifndef ZINC_TESTEE_VALUES_HPP
#define ZINC_TESTEE_VALUES_HPP

#include <zinc.hpp>

#include <nlohmann/json.hpp>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using nlohmann::json;

/// The handle gives no way to write.
struct read_only {};

/// A truth value as it lies in shared memory: any byte, unlike a C++ bool.
struct flag {
  std::uint8_t byte;
};

/// C++17 has no bfloat16: the upper half of a float.
struct bfloat16 {
  std::uint16_t bits;

  explicit bfloat16(double value) noexcept {
    const auto single = static_cast<float>(value);
    std::uint32_t whole;
    std::memcpy(&whole, &single, sizeof whole);
    bits = static_cast<std::uint16_t>(whole >> 16);
  }
  explicit operator double() const noexcept {
    const std::uint32_t whole = std::uint32_t{bits} << 16;
    float single;
    std::memcpy(&single, &whole, sizeof single);
    return single;
  }
};

template <>
struct zinc::element<flag> {
  static constexpr zinc::dtype type = dtype::boolean;
};
template <>
struct zinc::element<bfloat16> {
  static constexpr zinc::dtype type = dtype::bfloat16;
};

template <class T>
struct type {
  using element = T;
};
template <class... T>
struct types {};

/// The element types that this testee knows; which dtype each of them is, the library says.
using elements = types<flag, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t,
                       std::uint32_t, std::uint64_t,
#if defined(__STDCPP_FLOAT16_T__) || (defined(__FLT16_MANT_DIG__) && !defined(__STRICT_ANSI__))
                       _Float16,
#endif
                       bfloat16, float, double, std::complex<float>, std::complex<double>>;

inline zinc::dtype dtype_named(const std::string& name) {
  const auto type = zinc::dtype_from_name(name);
  if (!type) throw std::invalid_argument("no such dtype: " + name);
  return *type;
}

inline std::string name_of(zinc::dtype type) { return std::string(zinc::dtype_name(type)); }

/// What this testee says that it can do, for its element types.
template <class... T>
std::vector<std::string> capabilities(types<T...>) {
  return {"dtype:" + name_of(zinc::element<T>::type)...};
}

/// Calls `call` with the C++ type of a dtype.
template <class... T, class Call>
json by_type(types<T...>, zinc::dtype wanted, Call call) {
  json result;
  const bool known = ((zinc::element<T>::type == wanted && (result = call(type<T>()), true)) || ...);
  if (!known) throw std::invalid_argument(name_of(wanted) + " is not known here");
  return result;
}

template <class T>
json to_json(T value) {
  if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
    return std::to_string(value);
  } else if constexpr (std::is_integral_v<T>) {
    return value;
  } else {
    return static_cast<double>(value);
  }
}
inline json to_json(flag value) { return value.byte != 0; }
template <class T>
json to_json(std::complex<T> value) {
  return json::array({value.real(), value.imag()});
}

template <class T>
T from_json(const json& value, type<T>) {
  if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
    const auto text = value.get<std::string>();
    return std::is_signed_v<T> ? static_cast<T>(std::stoll(text)) : static_cast<T>(std::stoull(text));
  } else if constexpr (std::is_integral_v<T>) {
    return value.get<T>();
  } else {
    return static_cast<T>(value.get<double>());
  }
}
inline flag from_json(const json& value, type<flag>) { return {static_cast<std::uint8_t>(value.get<bool>())}; }
template <class T>
std::complex<T> from_json(const json& value, type<std::complex<T>>) {
  return {value.at(0).get<T>(), value.at(1).get<T>()};
}

/// Lengths of dimensions as JSON.
inline json to_json(zinc::span<const std::uint64_t> shape) {
  return std::vector<std::uint64_t>(shape.begin(), shape.end());
}

inline zinc::dtype described(const zinc::region& region) {
  const auto descriptor = region.descriptor();
  if (!descriptor) throw std::logic_error("nothing is described");
  return descriptor->dtype();
}

/// The described tensor, asked for as elements of `wanted`.
inline json read_tensor(const zinc::region& region, zinc::dtype wanted) {
  return by_type(elements(), wanted, [&](auto as) {
    const auto tensor = region.tensor<typename decltype(as)::element>();
    json values = json::array();
    for (const auto& value : tensor) values.push_back(to_json(value));
    return json{{"dtype", name_of(wanted)}, {"shape", to_json(tensor.shape())}, {"values", values}};
  });
}

/// Gives every element of the described tensor its value.
inline json fill_tensor(const zinc::region& region, const json& values) {
  return by_type(elements(), described(region), [&](auto as) {
    const auto tensor = region.tensor<typename decltype(as)::element>();
    if (tensor.read_only()) throw read_only();
    if (tensor.size() != values.size()) throw std::invalid_argument("values that do not fit");
    for (std::size_t index = 0; index < tensor.size(); ++index) tensor[index] = from_json(values[index], as);
    return json();
  });
}

/// Bytes of the region, as hex; fewer where it ends.
inline std::string read_hex(const zinc::region& region, std::size_t at, std::size_t length) {
  constexpr const char* digits = "0123456789abcdef";
  const auto bytes = region.bytes();
  std::string hex;
  for (std::size_t index = at; index < bytes.size() && index - at < length; ++index) {
    const auto byte = std::to_integer<unsigned>(bytes[index]);
    hex += {digits[byte >> 4], digits[byte & 15]};
  }
  return hex;
}

/// Writes bytes given as hex.
inline void write_hex(const zinc::region& region, std::size_t at, const std::string& hex) {
  const auto bytes = region.bytes();
  if (region.read_only()) throw read_only();
  if (at > bytes.size() || hex.size() / 2 > bytes.size() - at) throw std::out_of_range("beyond the region");
  for (std::size_t index = 0; index < hex.size() / 2; ++index) {
    bytes[at + index] = static_cast<std::byte>(std::stoul(hex.substr(2 * index, 2), nullptr, 16));
  }
}

#endif  // ZINC_TESTEE_VALUES_HPP
