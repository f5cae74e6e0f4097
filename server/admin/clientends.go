package admin

import "context"

// FindDevices looks for devices by their name.
func (c *Client) FindDevices(ctx context.Context, name string) ([]NamedDevice, error) {
	var out namedAnswer
	err := c.ask(ctx, "POST", "find-devices", findDevicesBody{name}, &out)
	return out.Devices, err
}

// SignOutDevice ends one device's session, and tells whether there was one.
func (c *Client) SignOutDevice(ctx context.Context, device, reason string) (bool, error) {
	var out Ended
	err := c.ask(ctx, "POST", "sign-outs/device", deviceBody{device, reason}, &out)
	return out.WasSignedIn, err
}

// SignOut ends all that is signed in to an account.
func (c *Client) SignOut(ctx context.Context, who, reason string) error {
	return c.ask(ctx, "POST", "sign-outs/account", resetBody{who, reason}, nil)
}

// Lock keeps everybody out of an account.
func (c *Client) Lock(ctx context.Context, who, reason string) error {
	return c.ask(ctx, "POST", "locks", resetBody{who, reason}, nil)
}

// Unlock lets the owner in again.
func (c *Client) Unlock(ctx context.Context, who, reason string) error {
	return c.ask(ctx, "POST", "locks/lift", resetBody{who, reason}, nil)
}

// Sweeps lists the sign-outs of everyone, the newest first.
func (c *Client) Sweeps(ctx context.Context) ([]Sweep, error) {
	var out sweepsAnswer
	err := c.ask(ctx, "GET", "sweeps", nil, &out)
	return out.Sweeps, err
}

// AskSweep asks for a sign-out of everyone.
func (c *Client) AskSweep(ctx context.Context, reason string, perSecond int, quiet bool) (Sweep, error) {
	var out Sweep
	err := c.ask(ctx, "POST", "sweeps", askSweepBody{reason, perSecond, quiet}, &out)
	return out, err
}

// ApproveSweep lets it begin.
func (c *Client) ApproveSweep(ctx context.Context, sweep, reason string) (Sweep, error) {
	var out Sweep
	err := c.ask(ctx, "POST", "sweeps/approve", sweepBody{sweep, reason}, &out)
	return out, err
}

// CancelSweep ends it before its end.
func (c *Client) CancelSweep(ctx context.Context, sweep, reason string) error {
	return c.ask(ctx, "POST", "sweeps/cancel", sweepBody{sweep, reason}, nil)
}
