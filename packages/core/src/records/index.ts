export { recordOf, type RequestRecord } from './record.ts'
export { readReports, recordOfReport } from './usage-reports.ts'
export { type ModelPrice, PriceList } from '../billing/prices.ts'
export { ReportIntake } from './report-intake.ts'
