import { expect, test } from './test.ts';

// Proves: 3.4
test('The sign-in page weighs at most 15 KB in at most three requests', async ({ page }) => {
	for (const address of ['/login', '/t/acme-corp/login', '/t/wickedsprockets/login', '/t/kontak/login']) {
		// All that Chromium asks of the network counts, by itself too, with
		// what the headers take.
		const devtools = await page.context().newCDPSession(page);
		await devtools.send('Network.enable');
		await devtools.send('Network.clearBrowserCache');
		const asked = new Map<string, string>();
		const bytes = new Map<string, number>();
		devtools.on('Network.requestWillBeSent', (e) => e.request.url.startsWith('data:') || asked.set(e.requestId, e.request.url));
		devtools.on('Network.loadingFinished', (e) => asked.has(e.requestId) && bytes.set(e.requestId, e.encodedDataLength));
		await page.goto(address, { waitUntil: 'networkidle' });
		await expect.poll(() => bytes.size).toBe(asked.size);
		await devtools.detach();

		const weight = [...bytes.values()].reduce((sum, n) => sum + n, 0);
		const list = [...asked].map(([id, url]) => `${bytes.get(id)} ${url}`).join('\n');
		expect(asked.size, `requests of ${address}:\n${list}`).toBeLessThanOrEqual(3);
		expect(weight, `bytes of ${address}:\n${list}`).toBeLessThanOrEqual(15 * 1024);
	}
});

// Proves: 3.4
test('Everything a page loads is of the house, and assets keep their names', async ({ page, house }) => {
	const foreign: string[] = [];
	page.on('request', (r) => new URL(r.url()).origin === house.origin || foreign.push(r.url()));
	const assets: Record<string, string | undefined>[] = [];
	page.on('response', (r) => r.url().includes('/assets/') && assets.push(r.headers()));
	await page.goto('/t/kontak/login', { waitUntil: 'networkidle' });
	expect(foreign).toEqual([]);
	expect(assets.length).toBeGreaterThan(0);
	for (const headers of assets) expect(headers['cache-control']).toContain('immutable');
});

// Proves: 3.4
test('Nothing moves while the page loads', async ({ page }) => {
	for (const address of ['/login', '/t/acme-corp/login']) {
		await page.goto(address, { waitUntil: 'networkidle' });
		const shift = await page.evaluate(
			() =>
				new Promise<number>((resolve) => {
					let sum = 0;
					new PerformanceObserver((list) => {
						for (const e of list.getEntries()) sum += (e as PerformanceEntry & { value: number }).value;
					}).observe({ type: 'layout-shift', buffered: true });
					requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
				}),
		);
		expect(shift, address).toBe(0);
	}
});
