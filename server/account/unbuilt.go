package account

import "errors"

var errUnbuilt = errors.New("account: not built yet")
