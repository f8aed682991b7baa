// How far apart two names are: to tell who misspelt one which was meant.
#pragma once

#include <cstddef>
#include <string_view>

namespace cron {

// Levenshtein's distance: the fewest bytes to insert, delete or replace. Costs the product of the
// sizes: cut what a stranger wrote.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace cron
