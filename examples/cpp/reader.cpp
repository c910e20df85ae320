// A server that answers nearest-word questions straight from the pages that the loader filled: reader EMBEDDINGS
// VOCABULARY. `examples/README.md` describes the lines it prints.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <time.h>
#include <zinc.hpp>

using namespace std::chrono_literals;

namespace {

constexpr auto patience = 60s;
constexpr std::size_t nearest_count = 5;

struct near {
  std::size_t row;
  double cosine;
};

// In double precision, so that every language's reader finds the same order.
double dot(zinc::span<const float> a, zinc::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Borrowed rows, a word for each, and the length of each row.
class table {
public:
  // Reads every row once. `vocabulary` has a word per line, in the order of the rows.
  table(const zinc::tensor<const float>& embeddings, std::string_view vocabulary) {
    if (embeddings.shape().size() != 2) throw std::runtime_error("the embeddings have not two dimensions");
    const auto columns = static_cast<std::size_t>(embeddings.shape()[1]);
    for (std::size_t row = 0; row < embeddings.shape()[0]; ++row) {
      rows_.push_back(embeddings.elements().subspan(row * columns, columns));
      norms_.push_back(std::sqrt(dot(rows_[row], rows_[row])));
      const auto end = vocabulary.find('\n');
      if (end == vocabulary.npos) throw std::runtime_error("fewer words than rows");
      words_.push_back(vocabulary.substr(0, end));
      vocabulary.remove_prefix(end + 1);
    }
  }

  std::string_view word(std::size_t row) const { return words_[row]; }

  // The words of the largest cosine with `word`, the largest first and the lower row first among equals; neither the
  // word itself nor the tokenizer's markers and word pieces.
  std::vector<near> nearest(std::string_view word) const {
    const auto found = std::find(words_.begin(), words_.end(), word);
    if (found == words_.end()) throw std::runtime_error("\"" + std::string(word) + "\" is not in the vocabulary");
    const auto own = static_cast<std::size_t>(found - words_.begin());
    std::vector<near> candidates;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      const bool marker = !words_[row].empty() && (words_[row][0] == '[' || words_[row][0] == '#');
      if (row != own && !marker) candidates.push_back({row, dot(rows_[row], rows_[own]) / (norms_[row] * norms_[own])});
    }
    const auto count = std::min(nearest_count, candidates.size());
    const auto larger = [](const near& a, const near& b) {
      return a.cosine != b.cosine ? a.cosine > b.cosine : a.row < b.row;
    };
    std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(count), candidates.end(),
                      larger);
    candidates.resize(count);
    return candidates;
  }

private:
  std::vector<zinc::span<const float>> rows_;
  std::vector<std::string_view> words_;
  std::vector<double> norms_;
};

// CLOCK_MONOTONIC, which is one clock for all processes of a machine.
std::uint64_t monotonic() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000 + static_cast<std::uint64_t>(now.tv_nsec);
}

std::string json(std::string_view text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return quoted + '"';
}

void answer(const table& table, std::string_view word) {
  std::string line = "{\"event\": \"answer\", \"word\": " + json(word) + ", \"nearest\": [";
  bool first = true;
  for (const near& near : table.nearest(word)) {
    char cosine[32];
    std::snprintf(cosine, sizeof cosine, "%.17g", near.cosine);
    line += first ? "" : ", ";
    line += "{\"word\": " + json(table.word(near.row)) + ", \"cosine\": " + cosine + "}";
    first = false;
  }
  std::cout << line << "]}" << std::endl;
}

void serve(const char* embeddings_name, const char* vocabulary_name) {
  const auto patient = zinc::options().timeout(patience);
  auto region = zinc::region::open(embeddings_name, patient);
  const auto vocabulary = zinc::region::open(vocabulary_name, patient);
  std::cout << "{\"event\": \"ready\"}" << std::endl;

  if (!region.wait(patience)) throw std::runtime_error(std::string(embeddings_name) + ": nobody notified in time");
  (void)*static_cast<const volatile std::byte*>(region.data());
  const auto first_byte = monotonic();
  const auto embeddings = region.tensor<const float>();
  const auto text = vocabulary.as<const char>();
  const table words(embeddings, {text.data(), text.size()});
  std::cout << "{\"event\": \"timing\", \"first_byte\": " << first_byte << ", \"all_read\": " << monotonic() << "}"
            << std::endl;

  for (std::string line; std::getline(std::cin, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    answer(words, line);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "usage: reader EMBEDDINGS VOCABULARY\n";
    return 2;
  }
  try {
    serve(arguments[1], arguments[2]);
  } catch (const std::exception& error) {
    std::cerr << "reader: " << error.what() << '\n';
    return 1;
  }
}
