// What of the header is a template, used once: users switch on warnings that it must not have.

#include <zinc.hpp>

template zinc::span<const std::byte> zinc::region::as() const;
template zinc::span<std::size_t> zinc::region::as(std::error_code&) const;
template zinc::tensor<float> zinc::region::tensor() const;
template zinc::tensor<const std::uint64_t> zinc::region::tensor(std::error_code&) const;
template zinc::owned_region zinc::region::create_tensor<long>(std::string_view, const zinc::shape&, const zinc::options&);

/// Uses the templates that deduce their types.
zinc::region use(std::int64_t milliseconds, std::uint8_t byte, const std::filesystem::path& path) {
  auto region = zinc::region::open("r", zinc::options().directory(path).timeout(std::chrono::seconds(byte)));
  region.wait(milliseconds);
  region.wait(byte);
  region.wait(-1);
  region.wait(~std::uint64_t{0});
  region.wait(std::chrono::duration<double>(0.5));
  region.wait_async(zinc::forever, [](bool, std::error_code) {}).cancel();
  zinc::region::open_async("r", {}, [](zinc::region, std::error_code) {}).cancel();
  return region;
}
