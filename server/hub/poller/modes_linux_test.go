package poller

var modes = []Mode{Portable, Epoll}
