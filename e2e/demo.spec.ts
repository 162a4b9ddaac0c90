import { test as base } from '@playwright/test';
import { Server } from './house.ts';
import { expect, expectAccessible, fillIn, password, press } from './test.ts';

const test = base.extend<{ origin: string }>({
	origin: async ({}, use) => {
		const { PATH, HOME, TMPDIR } = process.env;
		const demo = new Server(['demo', '--listen', '127.0.0.1:0'], { PATH, HOME, TMPDIR });
		await use(await demo.origin());
		await demo.stop();
	},
});

// Proves: 3.6
test.describe('The demo', { tag: '@sqlite' }, () => {
	for (const host of ['localhost', '127.0.0.1']) {
		test(`shows a tenant of each style, at ${host}`, async ({ page, origin }) => {
			const house = new URL(origin);
			house.hostname = host;
			await page.goto(`${house.origin}/dev`);
			await expectAccessible(page);
			for (const { slug, name, fields, lands } of [
				{ slug: 'acme-corp', name: 'Acme Corporation', fields: { 'Email Address': 'admin@acme-corp.test' }, lands: '/home' },
				{ slug: 'wickedsprockets', name: 'Wicked Sprockets', fields: { Username: '201-wickedsprockets' }, lands: '/phone' },
				{ slug: 'kontak', name: 'Kontak', fields: { 'Email Address': 'team@kontak.test' }, lands: '/home' },
			]) {
				await page.goto(`${house.origin}/dev`);
				await page.locator(`a[href$="/t/${slug}/login"]`).first().click();
				await expect(page).toHaveURL(`${house.origin}/t/${slug}/login`);
				await fillIn(page, { ...fields, Password: password });
				await press(page, 'Sign In');
				await expect(page).toHaveURL(house.origin + lands);
				await expect(page.getByRole('banner')).toContainText(name);
				await press(page, 'Sign Out');
				await expect(page).toHaveURL(`${house.origin}/t/${slug}/login`);
			}
		});
	}
});
