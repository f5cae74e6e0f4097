// An example host in C++11: the handle in a class, and views as a callback.
//
//   c++ -std=c++11 -c example_host.cc && cc -std=c99 -c hearthkey.c && c++ example_host.o hearthkey.o -o host
//   ./host socket=/run/hearthkey/api Right OK
//
// It presses the keys that it is given, and prints the screen after each.
#include <poll.h>

#include <cstring>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>

#include "hearthkey.h"

class Television {
public:
	explicit Television(const std::string &settings) : tv_(hk_open(settings.c_str())) {
		if (tv_ < 0) throw std::runtime_error(std::string(hk_error(tv_)) + ": " + hk_message(0));
	}
	~Television() { hk_close(tv_); }
	Television(const Television &) = delete;
	Television &operator=(const Television &) = delete;

	// Has f called with each new view, by whoever calls look.
	void watch(std::function<void(const std::string &)> f) {
		view_ = std::move(f);
		check(hk_subscribe(tv_, HK_VIEW));
		look(0);
	}

	void press(const std::string &key) {
		check(hk_press(tv_, key.c_str(), 0));
		look(0);
	}

	// Waits for news for so many milliseconds, and passes it on.
	void look(int ms) {
		struct pollfd p = {hk_fd(tv_), POLLIN, 0};
		poll(&p, 1, ms);
		check(hk_poll(tv_, &Television::event, this));
	}

	hk_status status() {
		hk_status s;
		check(hk_get_status(tv_, &s, sizeof s));
		return s;
	}

private:
	static void event(void *self, int event, const char *json, size_t length) {
		Television *tv = static_cast<Television *>(self);
		if (event == HK_VIEW && tv->view_) tv->view_(std::string(json, length));
	}

	void check(int code) {
		if (code < 0) throw std::runtime_error(std::string(hk_error(code)) + ": " + hk_message(tv_));
	}

	int tv_;
	std::function<void(const std::string &)> view_;
};

// The name of the screen, which is a view's first member.
static std::string screen(const std::string &view) {
	const char *begin = "{\"screen\":\"";
	if (view.compare(0, std::strlen(begin), begin) != 0) return "?";
	return view.substr(std::strlen(begin), view.find('"', std::strlen(begin)) - std::strlen(begin));
}

int main(int argc, char **argv) {
	if (argc < 2) {
		std::cerr << "usage: host SETTINGS [KEY…]\n";
		return 2;
	}
	try {
		Television tv(argv[1]);
		std::string now;
		tv.watch([&](const std::string &view) { now = screen(view); });
		std::cout << tv.status().phase << " " << now << std::endl;
		for (int i = 2; i < argc; i++) {
			tv.press(argv[i]);
			std::cout << argv[i] << " " << now << std::endl;
		}
	} catch (const std::exception &e) {
		std::cout << "failed: " << e.what() << std::endl;
		return 1;
	}
	return 0;
}
