// The C++ testee: takes the conformance runner's commands, calls the public API, reports what it gave.

#include "options.hpp"
#include "values.hpp"
#include "waits.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <grp.h>
#include <unistd.h>

namespace {

/// This kind of handle has no such call.
struct no_such_call {};

/// What a table has for a name.
template <class Table>
const auto& look_up(const Table& table, const std::string& name) {
  const auto found = table.find(name);
  if (found == table.end()) throw std::out_of_range(name + " is not known here");
  return found->second;
}

/// The open handles, by the names that the commands give them.
class handles {
public:
  using handle = std::variant<zinc::region, zinc::owned_region>;

  template <class Region>
  void keep(const json& command, Region region) {
    const std::lock_guard<std::mutex> guard(lock_);
    named_[command.at("handle")] = std::make_shared<handle>(std::move(region));
  }

  std::shared_ptr<handle> get(const json& command) {
    const std::lock_guard<std::mutex> guard(lock_);
    return look_up(named_, command.at("handle"));
  }

  void close_all() {
    std::map<std::string, std::shared_ptr<handle>> all;
    {
      const std::lock_guard<std::mutex> guard(lock_);
      all.swap(named_);
    }
    for (const auto& [name, open] : all) {
      std::visit([](zinc::region& region) { region.close(); }, *open);
    }
  }

private:
  std::mutex lock_;
  std::map<std::string, std::shared_ptr<handle>> named_;
};

/// Milliseconds; without any, for ever.
zinc::timeout timeout(const json& command) {
  return command.contains("timeout") ? zinc::timeout(command["timeout"].get<std::uint64_t>()) : zinc::forever;
}

std::string text(const json& command, const char* argument) { return command.at(argument); }

zinc::shape shape(const json& command) { return command.at("shape").get<std::vector<std::uint64_t>>(); }

json hello(handles&, const json&) {
  std::vector<std::string> can = capabilities(elements());
  can.insert(can.end(), {"async", "async-open", "exit-handlers", "fork", "setuid", "read-only-views", "views"});
  return {{"protocol", 1}, {"pid", getpid()}, {"version", zinc::version()}, {"can", can}};
}

json reset(handles& open, const json&) {
  open.close_all();
  return {};
}

json create(handles& open, const json& command) {
  const auto name = text(command, "name");
  const auto how = options(command);
  if (command.contains("dtype")) {
    const auto type = dtype_named(text(command, "dtype"));
    open.keep(command, zinc::region::create_tensor(name, type, shape(command), how));
  } else {
    open.keep(command, zinc::region::create(name, command.at("capacity"), how));
  }
  return {};
}

json open(handles& open, const json& command) {
  open.keep(command, zinc::region::open(text(command, "name"), options(command)));
  return {};
}

json open_or_create(handles& open, const json& command) {
  auto region = zinc::region::open_or_create(text(command, "name"), command.at("capacity"), options(command));
  std::optional<zinc::owned_region> owner = std::move(region).owned();
  if (owner) {
    open.keep(command, *std::move(owner));
  } else {
    open.keep(command, std::move(region));
  }
  return {{"owner", owner.has_value()}};
}

/// How many open files belong to views whose handles are closed.
json views(handles&, const json& command) {
  const auto open_files = [] {
    const std::filesystem::directory_iterator files("/proc/self/fd");
    return std::distance(begin(files), end(files));
  };
  const auto before = open_files();
  std::vector<zinc::view> kept;
  for (auto left = command.at("count").get<int>(); left > 0; --left) {
    kept.push_back(zinc::region::open(text(command, "name"), options(command)).get_view());
  }
  return open_files() - before;
}

json remove(handles&, const json& command) {
  zinc::remove(text(command, "name"), options(command));
  return {};
}

json list(handles&, const json& command) {
  const std::map<zinc_state, const char*> states = {
      {ZINC_STATE_OWNED, "owned"}, {ZINC_STATE_PERSISTENT, "persistent"}, {ZINC_STATE_DEAD, "dead"}};
  json regions = json::array();
  for (const zinc::region_info& info : zinc::list(options(command))) {
    regions.push_back({{"name", info.name}, {"capacity", info.capacity}, {"state", states.at(info.state)}});
  }
  return regions;
}

/// A child that holds copies of everything, does nothing, and ends by itself should nobody end it.
json fork_child(handles&, const json&) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    for (;;) pause();
  }
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  return {{"pid", child}};
}

/// Gives up root's rights for those of another user.
json become(handles&, const json& command) {
  const auto uid = command.at("uid").get<uid_t>();
  if (setgroups(0, nullptr) != 0 || setgid(uid) != 0 || setuid(uid) != 0) {
    throw std::system_error(errno, std::generic_category(), "only root can become another user");
  }
  return {};
}

json describe(zinc::owned_region& region, const json& command) {
  region.describe(dtype_named(text(command, "dtype")), shape(command));
  return {};
}

json descriptor(zinc::region& region, const json&) {
  const auto what = region.descriptor();
  if (!what) return {};
  return {{"dtype", name_of(what->dtype())}, {"shape", to_json(what->shape())}};
}

json wait_past(zinc::region& region, const json& command) {
  const auto reached = region.wait_past(command.at("sequence"), timeout(command));
  return reached ? json(*reached) : json();
}

json write(zinc::region& region, const json& command) {
  write_hex(region, command.at("at"), text(command, "hex"));
  return {};
}

json tensor(zinc::region& region, const json& command) {
  return read_tensor(region, command.contains("dtype") ? dtype_named(text(command, "dtype")) : described(region));
}

/// Adds 1 to the first byte and notifies, in turns with another process.
json ping_pong(zinc::region& region, const json& command) {
  const bool first = command.value("first", false);
  const zinc::view view = region.get_view();
  std::uint8_t& byte = view.as<std::uint8_t>()[0];
  for (std::uint64_t turn = 0; turn < 2 * command.at("rounds").get<std::uint64_t>(); ++turn) {
    if ((turn % 2 == 0) == first) {
      ++byte;
      region.notify();
    } else {
      region.wait(zinc::forever);
    }
  }
  return {};
}

/// A command that is a method without arguments and gives nothing.
template <class Region>
auto plain(void (Region::*method)()) {
  return [method](Region& region, const json&) {
    (region.*method)();
    return json();
  };
}

/// What the commands come to, and the handles that they leave open.
class testee {
public:
  /// Carries a command out, and answers it, be it later.
  void answer(const json& command) {
    json outcome;
    try {
      if (command.at("do") == "wait_async") return start_waits(command);
      if (command.at("do") == "open_async") return start_open(command);
      outcome["ok"] = perform(command);
    } catch (const zinc::error& error) {
      outcome = failure(error.code(), error.what());
    } catch (const no_such_call&) {
      outcome["error"] = "NoSuchCall";
    } catch (const read_only&) {
      outcome["error"] = "ReadOnly";
    } catch (const std::exception& error) {
      outcome = {{"error", "Testee"}, {"message", error.what()}};
    }
    report(command.at("id"), std::move(outcome));
  }

private:
  void report(std::uint64_t id, json outcome) {
    outcome["id"] = id;
    const std::lock_guard<std::mutex> guard(output_);
    std::cout << outcome << std::endl;
  }

  void start_waits(const json& command) {
    const std::uint64_t id = command.at("id");
    const auto handle = open_.get(command);
    const auto begun = std::make_shared<waits>(command.value("count", std::size_t{1}),
                                               [this, id](json outcome) { report(id, std::move(outcome)); });
    waits_[id] = begun;
    std::visit([&](zinc::region& region) { begun->start(region, timeout(command)); }, *handle);
  }

  void start_open(const json& command) {
    const std::uint64_t id = command.at("id");
    const auto begun = std::make_shared<opening>([this, id](json outcome) { report(id, std::move(outcome)); });
    waits_[id] = begun;
    begun->start(text(command, "name"), options(command),
                 [this, command](zinc::region region) { open_.keep(command, std::move(region)); });
  }

  template <class Subject>
  using calls = std::map<std::string, std::function<json(Subject&, const json&)>>;

  json perform(const json& command) {
    const auto what = text(command, "do");
    if (what == "reset") waits_.clear();
    if (const auto call = without_handle_.find(what); call != without_handle_.end()) {
      return call->second(open_, command);
    }
    if (what == "cancel") {
      waits_.at(command.at("wait"))->cancel();
      return {};
    }
    const auto handle = open_.get(command);
    if (const auto call = of_an_owner_.find(what); call != of_an_owner_.end()) {
      auto* const owner = std::get_if<zinc::owned_region>(handle.get());
      if (owner == nullptr) throw no_such_call();
      return call->second(*owner, command);
    }
    return std::visit([&](zinc::region& region) { return look_up(of_a_region_, what)(region, command); }, *handle);
  }

  handles open_;
  std::mutex output_;
  /// By the ids of their commands; for the command loop alone.
  std::map<std::uint64_t, std::shared_ptr<begun>> waits_;
  const calls<handles> without_handle_ = {
      {"hello", hello},
      {"reset", reset},
      {"create", create},
      {"open", open},
      {"open_or_create", open_or_create},
      {"views", views},
      {"remove", remove},
      {"list", list},
      {"fork", fork_child},
      {"become", become},
  };
  const calls<zinc::owned_region> of_an_owner_ = {
      {"unlink", plain<zinc::owned_region>(&zinc::owned_region::unlink)},
      {"link", plain<zinc::owned_region>(&zinc::owned_region::link)},
      {"is_named", [](auto& owner, auto&) { return json(owner.is_named()); }},
      {"persist", plain<zinc::owned_region>(&zinc::owned_region::persist)},
      {"describe", describe},
  };
  const calls<zinc::region> of_a_region_ = {
      {"name", [](auto& region, auto&) { return json(region.name()); }},
      {"capacity", [](auto& region, auto&) { return json(region.capacity()); }},
      {"sequence", [](auto& region, auto&) { return json(region.sequence()); }},
      {"notify", plain<zinc::region>(&zinc::region::notify)},
      {"interrupt", plain<zinc::region>(&zinc::region::interrupt)},
      {"close", plain<zinc::region>(&zinc::region::close)},
      {"wait", [](auto& region, auto& command) { return json(region.wait(timeout(command))); }},
      {"wait_past", wait_past},
      {"descriptor", descriptor},
      {"read", [](auto& region, auto& command) { return read_hex(region, command.at("at"), command.at("length")); }},
      {"write", write},
      {"tensor", tensor},
      {"fill", [](auto& region, auto& command) { return fill_tensor(region, command.at("values")); }},
      {"ping_pong", ping_pong},
  };
};

}  // namespace

int main() {
  testee here;
  std::string line;
  while (std::getline(std::cin, line)) {
    json command = json::parse(line);
    if (command.contains("background")) {
      std::thread([&here, command = std::move(command)] { here.answer(command); }).detach();
    } else {
      here.answer(command);
    }
  }
  // Without destroying the handles, as a return would: what is left open is closed by the end of the process.
  std::exit(0);
}
