// The table of pages, and the way from a request to its page. Thread: main.
#pragma once

#include <span>

#include "proxy/admin/page.h"

namespace outrigger::admin {

std::span<const Page> pages();

// Finds the page and asks it: 404 with the list of pages if there is none, 405 if it changes
// something and the method is not POST.
Response answer(const Request& request, ServerView& view);

// What /help says, and what a 404 lists.
std::string help_text();

}  // namespace outrigger::admin
