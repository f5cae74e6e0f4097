package poller

var modes = []Mode{Portable, Portable + withTLS, Epoll, Epoll + withTLS}
