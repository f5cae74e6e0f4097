package postgres

import "context"

// Scrub implements store.Driver.
func (d *Driver) Scrub(ctx context.Context) error {
	leave, err := d.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return nil
}
